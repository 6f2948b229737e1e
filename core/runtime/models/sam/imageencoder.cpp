// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/imageencoder.h"

#include "core/runtime/models/sam/attention.h"
#include "core/runtime/models/sam/layers.h"

namespace rekey::sam {

namespace {

std::int64_t windowsAlong(std::int64_t tokens, std::int64_t size)
{
    return (tokens + size - 1) / size;
}

} // namespace

at::Tensor toWindows(const at::Tensor &x, std::int64_t size)
{
    const std::int64_t height = x.size(1), width = x.size(2), channels = x.size(3);
    const std::int64_t down = windowsAlong(height, size), across = windowsAlong(width, size);
    const at::Tensor padded = at::constant_pad_nd(x, {0, 0, 0, across * size - width, 0, down * size - height});
    return padded.view({down, size, across, size, channels}).transpose(1, 2).reshape({down * across, size, size, channels});
}

at::Tensor fromWindows(const at::Tensor &windows, std::int64_t height, std::int64_t width)
{
    const std::int64_t size = windows.size(1), channels = windows.size(3);
    const std::int64_t down = windowsAlong(height, size), across = windowsAlong(width, size);
    const at::Tensor whole = windows.view({down, across, size, size, channels}).transpose(1, 2).reshape({1, down * size, across * size, channels});
    return whole.slice(1, 0, height).slice(2, 0, width);
}

ImageEncoder::ImageEncoder(const Config &config, const Weights &weights)
    : m_config(config)
    , m_patches(weights.both("patch_embed.proj", {config.width, 3, config.patchSize, config.patchSize}, config.width))
{
    const std::int64_t width = config.width;
    if (config.absolutePositions)
        m_positions = weights.get("pos_embed", {1, config.grid, config.grid, width});
    for (std::int64_t i = 0; i < config.depth(); ++i) {
        const Weights own = weights.below("blocks." + std::to_string(i) + '.');
        Block block;
        block.window = config.windows[static_cast<std::size_t>(i)];
        block.norm1 = own.norm("norm1", width);
        block.norm2 = own.norm("norm2", width);
        block.qkv.weight = own.get("attn.qkv.weight", {3 * width, width});
        if (config.qkvBias)
            block.qkv.bias = own.get("attn.qkv.bias", {3 * width});
        block.projection = own.linear("attn.proj", width, width);
        block.lin1 = own.linear("mlp.lin1", config.mlpWidth, width);
        block.lin2 = own.linear("mlp.lin2", width, config.mlpWidth);
        if (config.relativePositions) {
            const std::int64_t side = block.window > 0 ? block.window : config.grid;
            block.tableH = relativeTable(own.table("attn.rel_pos_h", width / config.heads), side);
            block.tableW = relativeTable(own.table("attn.rel_pos_w", width / config.heads), side);
        }
        m_blocks.push_back(std::move(block));
    }
    const std::int64_t channels = config.outChannels;
    m_reduce.weight = weights.get("neck.0.weight", {channels, width, 1, 1});
    m_reduceNorm = weights.norm("neck.1", channels);
    m_smooth.weight = weights.get("neck.2.weight", {channels, channels, 3, 3});
    m_smoothNorm = weights.norm("neck.3", channels);
}

at::Tensor ImageEncoder::attention(const Block &block, const at::Tensor &normed, const Progress &progress) const
{
    const std::int64_t side = block.window > 0 ? block.window : m_config.grid;
    const at::Tensor groups = block.window > 0 ? toWindows(normed, block.window) : normed;
    const at::Tensor qkv = linear(groups.reshape({-1, side * side, m_config.width}), block.qkv);
    const at::Tensor attended = gridAttention(qkv, m_config.heads, side, side, block.tableH, block.tableW, progress);
    return linear(attended, block.projection).view({-1, side, side, m_config.width});
}

at::Tensor ImageEncoder::neck(const at::Tensor &x, const Trace &trace) const
{
    const at::Tensor reduced = at::conv2d(x.permute({0, 3, 1, 2}), m_reduce.weight);
    record(trace, "encoder.neck.0", reduced);
    const at::Tensor normed = layerNorm2d(reduced, m_reduceNorm);
    record(trace, "encoder.neck.1", normed);
    const at::Tensor smooth = at::conv2d(normed, m_smooth.weight, {}, 1, 1);
    record(trace, "encoder.neck.2", smooth);
    return layerNorm2d(smooth, m_smoothNorm).contiguous();
}

at::Tensor ImageEncoder::forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const
{
    at::Tensor x = at::conv2d(pixels, m_patches.weight, m_patches.bias, m_config.patchSize).permute({0, 2, 3, 1}).contiguous();
    record(trace, "encoder.patch_embed", x);
    if (m_positions.defined()) {
        x = x + m_positions;
        record(trace, "encoder.pos_added", x);
    }
    for (std::size_t i = 0; i < m_blocks.size(); ++i) {
        progress.step(i, m_blocks.size() + 1, "encoding the image");
        const Block &block = m_blocks[i];
        const std::string name = "encoder.blocks." + std::to_string(i) + '.';
        const at::Tensor normed = layerNorm(x, block.norm1, m_config.encoderNormEps);
        record(trace, name + "norm1", normed);
        const at::Tensor attended = attention(block, normed, progress);
        record(trace, name + "attn", attended);
        x = x + (block.window > 0 ? fromWindows(attended, m_config.grid, m_config.grid) : attended);
        progress.check();

        const at::Tensor second = layerNorm(x, block.norm2, m_config.encoderNormEps);
        record(trace, name + "norm2", second);
        at::Tensor hidden = linear(second, block.lin1);
        progress.check();
        const at::Tensor mlp = linear(at::gelu_(hidden), block.lin2);
        record(trace, name + "mlp", mlp);
        x = x + mlp;
        record(trace, name + "out", x);
    }
    progress.step(m_blocks.size(), m_blocks.size() + 1, "encoding the image");
    const at::Tensor embedding = neck(x, trace);
    record(trace, "encoder.image_embedding", embedding);
    return embedding;
}

} // namespace rekey::sam
