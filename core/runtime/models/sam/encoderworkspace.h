// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/imageencoder.h"
#include "core/runtime/tiles.h"

#include <vector>

namespace rekey::sam {

/// Memory that all blocks use in turn.
struct ImageEncoder::Workspace
{
    static constexpr std::int64_t tokensAtOnce = 256; ///< in a task of LibTorch's operators
    /// Of a thread.
    struct Worker
    {
        tiles::Buffer rows, hidden, scratch;
        std::vector<const float *> from;
        std::vector<float *> to;
    };

    std::int64_t grid = 0, width = 0;
    at::Tensor x;        ///< [tokens, width]
    at::Tensor qkv;      ///< [groups, tokens of a group, 3 · width]
    at::Tensor attended; ///< [groups, tokens of a group, width]
    std::vector<Worker> workers;
    tiles::Buffer weights, moreWeights; ///< packed, of the layer that is computed
    std::vector<at::Tensor> hidden; ///< of a thread, [tokensAtOnce or more, MLP width]
    // Whole layers' results in the trace's way, [tokens, width] (projected: as attended); undefined without a trace, where a layer's
    // result need not exist as a whole.
    at::Tensor norm1, projected, norm2, mlp;

    std::int64_t rowsAtOnce() const { return std::max<std::int64_t>(1, tokensAtOnce / grid); }
    std::int64_t tasks() const { return (grid + rowsAtOnce() - 1) / rowsAtOnce(); }
    /// Tokens [first, last) of a task.
    std::pair<std::int64_t, std::int64_t> tokens(std::int64_t task) const
    {
        return {task * rowsAtOnce() * grid, std::min((task + 1) * rowsAtOnce(), grid) * grid};
    }
    /// `window` 0: one group of all tokens; else as many windows as cover the grid.
    void arrange(std::int64_t window)
    {
        const std::int64_t side = window > 0 ? window : grid, along = (grid + side - 1) / side, groups = along * along;
        const auto shaped = [&](at::Tensor &buffer, std::int64_t channels) {
            const std::int64_t size = groups * side * side * channels;
            if (!buffer.defined() || buffer.storage().nbytes() < static_cast<std::size_t>(size) * sizeof(float))
                buffer = at::empty({size}, at::kFloat);
            buffer = buffer.as_strided({groups, side * side, channels}, {side * side * channels, channels, 1});
        };
        shaped(qkv, 3 * width);
        shaped(attended, width);
    }
};

} // namespace rekey::sam
