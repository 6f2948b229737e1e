// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/encoder.h"
#include "core/runtime/models/sam/weights.h"
#include "core/runtime/tiles.h"

#include <optional>
#include <vector>

namespace rekey::sam {

/// The image encoder on the processor.
class ImageEncoder final : public Encoder
{
public:
    /// `weights` are those below "image_encoder.". Precision is that of the blocks' linear layers.
    ImageEncoder(const Config &config, const Weights &weights, Precision precision = Precision::F32);

    at::Tensor forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const override;
    void addTo(ContentDigest &digest) const override;

private:
    struct Block
    {
        std::int64_t window = 0; ///< 0: global
        Parameters norm1, norm2, qkv, projection, lin1, lin2;
        at::Tensor tableH, tableW; ///< for the window or the grid; undefined without relative positions
    };

    struct Workspace;

    /// Each of these works on some rows of tokens at a time: what lies between the products stays in the cache, and no thread waits.
    void project(const Block &block, Workspace &space, const Progress &progress) const;
    void projectWindows(const Block &block, Workspace &space, const Progress &progress) const;
    void addAttention(const Block &block, Workspace &space, const Progress &progress) const;
    void addMlp(const Block &block, Workspace &space, const Progress &progress) const;
    /// The same by tiles.h, where the processor has what it takes.
    void projectTiles(const Block &block, Workspace &space, const Progress &progress) const;
    void addAttentionTiles(const Block &block, Workspace &space, const Progress &progress) const;
    void addMlpTiles(const Block &block, Workspace &space, const Progress &progress) const;
    /// A layer over all rows of x [..., in], for a trace.
    at::Tensor projectAllTiles(const at::Tensor &x, const Parameters &layer, Workspace &space, const Progress &progress) const;

    at::Tensor neck(const at::Tensor &x, const Trace &trace) const;

    Config m_config;
    std::optional<tiles::Factors> m_factors; ///< none: LibTorch's operators
    Parameters m_patches;
    at::Tensor m_positions;
    std::vector<Block> m_blocks;
    Parameters m_reduce, m_reduceNorm, m_smooth, m_smoothNorm;
};

} // namespace rekey::sam
