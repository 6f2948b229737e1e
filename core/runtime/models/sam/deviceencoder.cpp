// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/deviceencoder.h"

#include "core/runtime/models/sam/attention.h"
#include "core/runtime/models/sam/layers.h"

#include <bit>
#include <cmath>
#include <limits>

namespace rekey::sam {

namespace {

/// A power of two within a factor of two of the largest magnitude of each row (the last dimension, of which one is left).
at::Tensor powersOfTwo(const at::Tensor &x)
{
    using Limits = std::numeric_limits<float>;
    return at::exp2(at::floor(at::log2(x.abs().amax(-1, true).clamp(Limits::min(), Limits::max()))));
}

/// [grid, grid, width] to [windows, side², width], zeros beyond the grid.
at::Tensor windowsOf(const at::Tensor &map, std::int64_t side)
{
    const std::int64_t grid = map.size(0), along = (grid + side - 1) / side, pad = along * side - grid;
    const at::Tensor padded = pad > 0 ? at::constant_pad_nd(map, {0, 0, 0, pad, 0, pad}) : map;
    return padded.reshape({along, side, along, side, map.size(2)}).transpose(1, 2).reshape({along * along, side * side, map.size(2)});
}

at::Tensor mapOf(const at::Tensor &windows, std::int64_t side, std::int64_t grid)
{
    const std::int64_t along = (grid + side - 1) / side;
    return windows.reshape({along, along, side, side, windows.size(2)})
        .transpose(1, 2)
        .reshape({along * side, along * side, windows.size(2)})
        .slice(0, 0, grid)
        .slice(1, 0, grid);
}

} // namespace

DeviceEncoder::DeviceEncoder(const Config &config, const Weights &weights, Precision precision, const at::Device &device)
    : m_config(config)
    , m_device(device)
    , m_patches(placed(weights.both("patch_embed.proj", {config.width, 3, config.patchSize, config.patchSize}, config.width)))
{
    const std::int64_t width = config.width;
    if (config.absolutePositions)
        m_positions = weights.get("pos_embed", {1, config.grid, config.grid, width}).to(m_device);
    if (m_device.is_cuda())
        at::globalContext().setAllowTF32CuDNN(false); // by default convolutions of fp32 have 10 bits there
    const auto layer = [&](const Parameters &parameters) { return layerOf(parameters, precision); };
    for (std::int64_t i = 0; i < config.depth(); ++i) {
        const Weights own = weights.below("blocks." + std::to_string(i) + '.');
        Block block;
        block.window = config.windows[static_cast<std::size_t>(i)];
        block.norm1 = placed(own.norm("norm1", width));
        block.norm2 = placed(own.norm("norm2", width));
        Parameters qkv {own.get("attn.qkv.weight", {3 * width, width}), {}};
        if (config.qkvBias)
            qkv.bias = own.get("attn.qkv.bias", {3 * width});
        block.qkv = layer(qkv);
        block.projection = layer(own.linear("attn.proj", width, width));
        block.lin1 = layer(own.linear("mlp.lin1", config.mlpWidth, width));
        block.lin2 = layer(own.linear("mlp.lin2", width, config.mlpWidth));
        if (config.relativePositions) {
            const std::int64_t side = block.window > 0 ? block.window : config.grid;
            block.height = relativePositions(own.table("attn.rel_pos_h", width / config.heads), side, side).to(m_device);
            block.across = relativePositions(own.table("attn.rel_pos_w", width / config.heads), side, side).to(m_device);
        }
        m_blocks.push_back(std::move(block));
    }
    const std::int64_t channels = config.outChannels;
    m_reduce = placed({weights.get("neck.0.weight", {channels, width, 1, 1}), {}});
    m_reduceNorm = placed(weights.norm("neck.1", channels));
    m_smooth = placed({weights.get("neck.2.weight", {channels, channels, 3, 3}), {}});
    m_smoothNorm = placed(weights.norm("neck.3", channels));
}

Parameters DeviceEncoder::placed(Parameters parameters) const
{
    return {parameters.weight.to(m_device), parameters.bias.defined() ? parameters.bias.to(m_device) : at::Tensor()};
}

DeviceEncoder::Layer DeviceEncoder::layerOf(const Parameters &parameters, Precision precision) const
{
    const Parameters there = placed(parameters);
    if (precision == Precision::F32)
        return {there.weight, there.bias, {}};
    const at::Tensor scale = powersOfTwo(there.weight);
    return {(there.weight / scale).to(precision == Precision::F16 ? at::kHalf : at::kBFloat16), there.bias, scale.flatten()};
}

/// x and the result are in fp32.
at::Tensor DeviceEncoder::apply(const Layer &layer, const at::Tensor &x)
{
    at::Tensor result;
    if (layer.scale.defined()) {
        const at::Tensor scale = powersOfTwo(x);
        result = at::linear((x / scale).to(layer.weight.scalar_type()), layer.weight).to(at::kFloat).mul_(scale).mul_(layer.scale);
    } else {
        result = at::linear(x, layer.weight);
    }
    return layer.bias.defined() ? result.add_(layer.bias) : result;
}

at::Tensor DeviceEncoder::kept(const Trace &trace, const std::string &name, const at::Tensor &value) const
{
    return trace ? traced(trace, name, value.to(at::kCPU).contiguous()).to(m_device) : value;
}

at::Tensor DeviceEncoder::attend(const Block &block, const at::Tensor &x, std::int64_t side, const Progress &progress) const
{
    constexpr std::int64_t scoresAtOnce = 64 << 20; // a quarter of a GiB
    const std::int64_t groups = x.size(0), tokens = side * side, heads = m_config.heads, headWidth = m_config.width / heads;
    const at::Tensor parts = apply(block.qkv, x).view({groups, tokens, 3, heads, headWidth}).permute({2, 0, 3, 1, 4});
    const at::Tensor keys = parts[1].transpose(2, 3).contiguous(), values = parts[2].contiguous();
    const std::int64_t rows = std::clamp<std::int64_t>(scoresAtOnce / (groups * heads * side * tokens), 1, side);
    std::vector<at::Tensor> mixed;
    for (std::int64_t first = 0; first < side; first += rows) {
        progress.check();
        const std::int64_t count = std::min(rows, side - first);
        const at::Tensor queries = parts[0].slice(2, first * side, (first + count) * side);
        at::Tensor scores = at::matmul(queries / std::sqrt(static_cast<double>(headWidth)), keys);
        if (block.height.defined()) {
            const at::Tensor placed = queries.reshape({groups, heads, count, side, headWidth});
            at::Tensor grid = scores.view({groups, heads, count, side, side, side});
            grid.add_(at::einsum("ghyxc,ykc->ghyxk", {placed, block.height.slice(0, first, first + count)}).unsqueeze(-1));
            grid.add_(at::einsum("ghyxc,xkc->ghyxk", {placed, block.across}).unsqueeze(-2));
        }
        mixed.push_back(at::matmul(at::softmax(scores, -1), values));
    }
    return at::cat(mixed, 2).transpose(1, 2).reshape({groups, tokens, m_config.width});
}

at::Tensor DeviceEncoder::attention(const Block &block, const at::Tensor &x, const std::string &name, const Trace &trace,
                                    const Progress &progress) const
{
    const std::int64_t grid = m_config.grid, side = block.window > 0 ? block.window : grid;
    const at::Tensor tokens = block.window > 0 ? windowsOf(x, side) : x.reshape({1, grid * grid, m_config.width});
    const at::Tensor projected
        = kept(trace, name, apply(block.projection, attend(block, tokens, side, progress)).view({-1, side, side, m_config.width}))
              .reshape({-1, side * side, m_config.width});
    return block.window > 0 ? mapOf(projected, side, grid) : projected.view({grid, grid, m_config.width});
}

at::Tensor DeviceEncoder::forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const
{
    const std::int64_t grid = m_config.grid, width = m_config.width;
    const auto result = [&](const std::string &name, const at::Tensor &map) {
        return trace ? kept(trace, "encoder." + name, map.reshape({1, grid, grid, width})).reshape({grid, grid, width}) : map;
    };
    at::Tensor x = at::conv2d(pixels.to(m_device), m_patches.weight, m_patches.bias, m_config.patchSize).permute({0, 2, 3, 1})[0];
    x = result("patch_embed", x);
    if (m_positions.defined())
        x = result("pos_added", x + m_positions[0]);
    for (std::size_t i = 0; i < m_blocks.size(); ++i) {
        progress.step(i, m_blocks.size() + 1, "encoding the image");
        const Block &block = m_blocks[i];
        const std::string name = "blocks." + std::to_string(i) + '.';
        const at::Tensor normed = result(name + "norm1", layerNorm(x, block.norm1, m_config.encoderNormEps));
        x = x + attention(block, normed, "encoder." + name + "attn", trace, progress);
        const at::Tensor again = result(name + "norm2", layerNorm(x, block.norm2, m_config.encoderNormEps));
        x = x + result(name + "mlp", apply(block.lin2, at::gelu(apply(block.lin1, again))));
        x = result(name + "out", x);
    }
    progress.step(m_blocks.size(), m_blocks.size() + 1, "encoding the image");
    at::Tensor map = x.permute({2, 0, 1}).unsqueeze(0);
    map = kept(trace, "encoder.neck.0", at::conv2d(map, m_reduce.weight));
    map = kept(trace, "encoder.neck.1", layerNorm2d(map, m_reduceNorm));
    map = kept(trace, "encoder.neck.2", at::conv2d(map, m_smooth.weight, {}, 1, 1));
    return traced(trace, "encoder.image_embedding", layerNorm2d(map, m_smoothNorm).to(at::kCPU).contiguous());
}

void DeviceEncoder::addTo(ContentDigest &digest) const
{
    for (const Block &block : m_blocks) {
        digest.add(static_cast<std::uint64_t>(block.window));
        for (const Parameters &norm : {block.norm1, block.norm2})
            addTensors(digest, {norm.weight, norm.bias});
        for (const Layer &layer : {block.qkv, block.projection, block.lin1, block.lin2})
            addTensors(digest, {layer.weight, layer.bias, layer.scale});
        addTensors(digest, {block.height, block.across});
    }
    for (const Parameters &layer : {m_patches, m_reduce, m_reduceNorm, m_smooth, m_smoothNorm})
        addTensors(digest, {layer.weight, layer.bias});
    addTensors(digest, {m_positions});
    addConfig(digest, m_config);
}

} // namespace rekey::sam
