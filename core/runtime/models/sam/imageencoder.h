// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/runtime/models/sam/config.h"
#include "core/runtime/models/sam/trace.h"
#include "core/runtime/models/sam/weights.h"

#include <vector>

namespace rekey::sam {

/// ImageEncoderViT: [1, 3, size, size] normalised pixels to [1, channels, grid, grid].
class ImageEncoder
{
public:
    /// `weights` are those below "image_encoder.".
    ImageEncoder(const Config &config, const Weights &weights);

    at::Tensor forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const;

private:
    struct Block
    {
        std::int64_t window = 0; ///< 0: global
        Parameters norm1, norm2, qkv, projection, lin1, lin2;
        at::Tensor tableH, tableW; ///< for the window or the grid; undefined without relative positions
    };

    at::Tensor attention(const Block &block, const at::Tensor &normed, const Progress &progress) const;
    at::Tensor neck(const at::Tensor &x, const Trace &trace) const;

    Config m_config;
    Parameters m_patches;
    at::Tensor m_positions;
    std::vector<Block> m_blocks;
    Parameters m_reduce, m_reduceNorm, m_smooth, m_smoothNorm;
};

/// [1, height, width, channels] in windows [count, size, size, channels], padded with zeros to the right and below.
at::Tensor toWindows(const at::Tensor &x, std::int64_t size);
at::Tensor fromWindows(const at::Tensor &windows, std::int64_t height, std::int64_t width);

} // namespace rekey::sam
