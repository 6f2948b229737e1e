// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/imageencoder.h"

#include "core/runtime/models/sam/attention.h"
#include "core/runtime/models/sam/encoderworkspace.h"
#include "core/runtime/models/sam/layers.h"
#include "core/runtime/paralleltasks.h"
#include "core/runtime/precisions.h"

namespace rekey::sam {

namespace {

void linearInto(at::Tensor out, const at::Tensor &x, const Parameters &parameters)
{
    if (parameters.weight.scalar_type() != at::kFloat) {
        out.copy_(at::linear(x.to(parameters.weight.scalar_type()), parameters.weight));
        if (parameters.bias.defined())
            out.add_(parameters.bias);
    } else if (parameters.bias.defined())
        at::addmm_out(out, parameters.bias, x, parameters.weight.t());
    else
        at::mm_out(out, x, parameters.weight.t());
}

/// x [..., in] to [..., out].
at::Tensor projected(const at::Tensor &x, const Parameters &parameters)
{
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape.back() = parameters.weight.size(0);
    at::Tensor out = at::empty(shape, at::kFloat);
    linearInto(out.view({-1, shape.back()}), x.reshape({-1, x.size(-1)}), parameters);
    return out;
}

} // namespace

ImageEncoder::ImageEncoder(const Config &config, const Weights &weights, Precision precision)
    : m_config(config)
    , m_factors(tileFactors(precision))
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
        if (precision != Precision::F32 && !m_factors) {
            for (Parameters *layer : {&block.qkv, &block.projection, &block.lin1, &block.lin2})
                layer->weight = layer->weight.to(at::kBFloat16);
        }
        m_blocks.push_back(std::move(block));
    }
    const std::int64_t channels = config.outChannels;
    m_reduce.weight = weights.get("neck.0.weight", {channels, width, 1, 1});
    m_reduceNorm = weights.norm("neck.1", channels);
    m_smooth.weight = weights.get("neck.2.weight", {channels, channels, 3, 3});
    m_smoothNorm = weights.norm("neck.3", channels);
}

void ImageEncoder::addTo(ContentDigest &digest) const
{
    for (const Block &block : m_blocks) {
        digest.add(static_cast<std::uint64_t>(block.window));
        for (const Parameters &layer : {block.norm1, block.norm2, block.qkv, block.projection, block.lin1, block.lin2})
            addTensors(digest, {layer.weight, layer.bias});
        addTensors(digest, {block.tableH, block.tableW});
    }
    for (const Parameters &layer : {m_patches, m_reduce, m_reduceNorm, m_smooth, m_smoothNorm})
        addTensors(digest, {layer.weight, layer.bias});
    addTensors(digest, {m_positions});
    addConfig(digest, m_config);
}

void ImageEncoder::project(const Block &block, Workspace &space, const Progress &progress) const
{
    if (m_factors) {
        projectTiles(block, space, progress);
        return;
    }
    parallelTasks(space.tasks(), progress, [&](std::int64_t task, std::int64_t) {
        const auto [first, last] = space.tokens(task);
        const at::Tensor normed = space.norm1.defined()
                                      ? space.norm1.slice(0, first, last)
                                      : layerNorm(space.x.slice(0, first, last), block.norm1, m_config.encoderNormEps);
        linearInto(space.qkv[0].slice(0, first, last), normed, block.qkv);
    });
}

/// A window reaches over the grid's edge into zeros, whose projection is the bias.
void ImageEncoder::projectWindows(const Block &block, Workspace &space, const Progress &progress) const
{
    if (m_factors) {
        projectTiles(block, space, progress);
        return;
    }
    const std::int64_t grid = space.grid, side = block.window, along = (grid + side - 1) / side;
    const at::Tensor tokens = (space.norm1.defined() ? space.norm1 : space.x).view({grid, grid, space.width});
    parallelTasks(along * along, progress, [&](std::int64_t window, std::int64_t) {
        const std::int64_t top = window / along * side, left = window % along * side;
        const std::int64_t height = std::min(side, grid - top), width = std::min(side, grid - left);
        const auto inside = [&](const at::Tensor &map) { return map.slice(0, top, top + height).slice(1, left, left + width); };
        at::Tensor normed = inside(tokens).reshape({height * width, space.width});
        if (!space.norm1.defined())
            normed = layerNorm(normed, block.norm1, m_config.encoderNormEps);
        at::Tensor qkv = space.qkv[window];
        if (height == side && width == side) {
            linearInto(qkv, normed, block.qkv);
            return;
        }
        if (block.qkv.bias.defined())
            qkv.copy_(block.qkv.bias.expand_as(qkv));
        else
            qkv.zero_();
        qkv.view({side, side, -1}).slice(0, 0, height).slice(1, 0, width).copy_(projected(normed, block.qkv).view({height, width, -1}));
    });
}

void ImageEncoder::addAttention(const Block &block, Workspace &space, const Progress &progress) const
{
    if (m_factors && !space.projected.defined()) {
        addAttentionTiles(block, space, progress);
        return;
    }
    const std::int64_t grid = space.grid, side = block.window > 0 ? block.window : grid, along = (grid + side - 1) / side;
    const at::Tensor attended = space.projected.defined() ? space.projected : space.attended;
    const at::Tensor windows = attended.view({along, along, side, side, space.width});
    parallelTasks(space.tasks(), progress, [&](std::int64_t task, std::int64_t) {
        const auto [first, last] = space.tokens(task);
        at::Tensor rows = attended[0].slice(0, first, last);
        if (along > 1 || side != grid) {
            rows = at::empty({(last - first) / grid, grid, space.width}, at::kFloat);
            for (std::int64_t y = first / grid; y < last / grid; ++y) {
                const at::Tensor row = windows[y / side].select(1, y % side); // [windows across, side, width]
                for (std::int64_t window = 0; window < along; ++window) {
                    const std::int64_t left = window * side, right = std::min(left + side, grid);
                    rows[y - first / grid].slice(0, left, right).copy_(row[window].slice(0, 0, right - left));
                }
            }
            rows = rows.view({last - first, space.width});
        }
        space.x.slice(0, first, last).add_(space.projected.defined() ? rows : projected(rows, block.projection));
    });
}

void ImageEncoder::addMlp(const Block &block, Workspace &space, const Progress &progress) const
{
    if (m_factors) {
        addMlpTiles(block, space, progress);
        return;
    }
    parallelTasks(space.tasks(), progress, [&](std::int64_t task, std::int64_t worker) {
        const auto [first, last] = space.tokens(task);
        at::Tensor x = space.x.slice(0, first, last);
        const at::Tensor normed
            = space.norm2.defined() ? space.norm2.slice(0, first, last) : layerNorm(x, block.norm2, m_config.encoderNormEps);
        at::Tensor hidden = space.hidden[static_cast<std::size_t>(worker)].slice(0, 0, last - first);
        linearInto(hidden, normed, block.lin1);
        const at::Tensor mlp = projected(at::gelu_(hidden), block.lin2);
        if (space.mlp.defined())
            space.mlp.slice(0, first, last).copy_(mlp);
        else
            x.add_(mlp);
    });
}

at::Tensor ImageEncoder::neck(const at::Tensor &x, const Trace &trace) const
{
    const at::Tensor reduced = traced(trace, "encoder.neck.0", at::conv2d(x.permute({0, 3, 1, 2}), m_reduce.weight));
    const at::Tensor normed = traced(trace, "encoder.neck.1", layerNorm2d(reduced, m_reduceNorm));
    const at::Tensor smooth = traced(trace, "encoder.neck.2", at::conv2d(normed, m_smooth.weight, {}, 1, 1));
    return layerNorm2d(smooth, m_smoothNorm).contiguous();
}

at::Tensor ImageEncoder::forward(const at::Tensor &pixels, const Trace &trace, const Progress &progress) const
{
    const std::int64_t grid = m_config.grid, width = m_config.width;
    const auto asMap = [&](const at::Tensor &tokens) { return tokens.view({1, grid, grid, width}); };
    Workspace space;
    space.grid = grid;
    space.width = width;
    space.x = at::conv2d(pixels, m_patches.weight, m_patches.bias, m_config.patchSize)
                  .permute({0, 2, 3, 1})
                  .reshape({grid * grid, width})
                  .contiguous();
    const auto result = [&](const std::string &name, const at::Tensor &tokens) {
        return trace ? traced(trace, "encoder." + name, asMap(tokens)).reshape({grid * grid, width}).contiguous() : tokens;
    };
    space.x = result("patch_embed", space.x);
    if (m_positions.defined())
        space.x = result("pos_added", space.x + m_positions.view({grid * grid, width}));
    space.workers.resize(static_cast<std::size_t>(threads()));
    for (int thread = 0; !m_factors && thread < threads(); ++thread)
        space.hidden.push_back(at::empty({space.rowsAtOnce() * grid, m_config.mlpWidth}, at::kFloat));

    for (std::size_t i = 0; i < m_blocks.size(); ++i) {
        progress.step(i, m_blocks.size() + 1, "encoding the image");
        const Block &block = m_blocks[i];
        const std::int64_t side = block.window > 0 ? block.window : grid;
        const std::string name = "blocks." + std::to_string(i) + '.';
        const auto projectAll = [&] {
            return m_factors ? projectAllTiles(space.attended, block.projection, space, progress)
                             : projected(space.attended, block.projection);
        };
        space.arrange(block.window);
        if (trace)
            space.norm1 = result(name + "norm1", layerNorm(space.x, block.norm1, m_config.encoderNormEps));
        block.window > 0 ? projectWindows(block, space, progress) : project(block, space, progress);
        gridAttention(space.attended, space.qkv, m_config.heads, side, side, block.tableH, block.tableW, progress);
        if (trace)
            space.projected = traced(trace, "encoder." + name + "attn", projectAll().view({-1, side, side, width}))
                                  .reshape({-1, side * side, width});
        addAttention(block, space, progress);
        if (trace) {
            space.norm2 = result(name + "norm2", layerNorm(space.x, block.norm2, m_config.encoderNormEps));
            space.mlp = at::empty_like(space.x);
        }
        addMlp(block, space, progress);
        if (trace)
            space.x = result(name + "out", space.x.add_(result(name + "mlp", space.mlp)));
    }
    progress.step(m_blocks.size(), m_blocks.size() + 1, "encoding the image");
    return traced(trace, "encoder.image_embedding", neck(asMap(space.x), trace));
}

} // namespace rekey::sam
