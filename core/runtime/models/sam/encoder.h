// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/runtime/embeddingcache.h"
#include "core/runtime/models/sam/config.h"
#include "core/runtime/models/sam/trace.h"

#include <memory>

namespace rekey::sam {

class Weights;

/// ImageEncoderViT: [1, 3, size, size] normalised pixels to [1, channels, grid, grid], both in the processor's memory.
class Encoder
{
public:
    virtual ~Encoder() = default;
    virtual at::Tensor forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const = 0;
    /// All parameters, and what the sizes do not say of how they are used.
    virtual void addTo(ContentDigest &digest) const = 0;

protected:
    static void addTensors(ContentDigest &digest, std::initializer_list<at::Tensor> tensors);
    static void addConfig(ContentDigest &digest, const Config &config);
};

/// Of the kind for the device: `weights` are those below "image_encoder.". Precision is that of the blocks' linear layers.
std::unique_ptr<Encoder> makeEncoder(const Config &config, const Weights &weights, Precision precision, const at::Device &device);

} // namespace rekey::sam
