// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/imageencoder.h"

namespace rekey::sam {

/// The image encoder in LibTorch's operators on any of its devices; what ImageEncoder is for the processor. Pixels come from and the
/// embedding goes to the processor's memory, weights are copied to the device once. Attention holds the scores of some rows of queries at a
/// time.
class DeviceEncoder final : public Encoder
{
public:
    DeviceEncoder(const Config &config, const Weights &weights, Precision precision, const at::Device &device);

    at::Tensor forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const override;
    void addTo(ContentDigest &digest) const override;

private:
    /// A linear layer. In half precision its weight's rows are divided by powers of two near their largest values, so that neither they
    /// nor their products leave fp16's range.
    struct Layer
    {
        at::Tensor weight, bias; ///< bias: undefined where there is none
        at::Tensor scale;        ///< [out], what to multiply by again; undefined in fp32
    };
    struct Block
    {
        std::int64_t window = 0; ///< 0: global
        Parameters norm1, norm2;
        Layer qkv, projection, lin1, lin2;
        at::Tensor height, across; ///< relativePositions(): [queries, keys, head width]; undefined: none
    };
    Parameters placed(Parameters parameters) const;
    Layer layerOf(const Parameters &parameters, Precision precision) const;
    static at::Tensor apply(const Layer &layer, const at::Tensor &x);
    at::Tensor kept(const Trace &trace, const std::string &name, const at::Tensor &value) const;
    /// [groups, side², width] to the same, before the projection.
    at::Tensor attend(const Block &block, const at::Tensor &x, std::int64_t side, const Progress &progress) const;
    at::Tensor attention(const Block &block, const at::Tensor &x, const std::string &name, const Trace &trace,
                         const Progress &progress) const;

    Config m_config;
    at::Device m_device;
    Parameters m_patches;
    at::Tensor m_positions;
    std::vector<Block> m_blocks;
    Parameters m_reduce, m_reduceNorm, m_smooth, m_smoothNorm;
};

} // namespace rekey::sam
