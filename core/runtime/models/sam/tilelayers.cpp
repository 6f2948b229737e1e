// SPDX-License-Identifier: GPL-3.0-or-later
// The image encoder's linear layers by tiles.h. A task takes some rows of tokens through everything that needs no other tokens.
#include "core/runtime/models/sam/encoderworkspace.h"
#include "core/runtime/models/sam/layers.h"
#include "core/runtime/paralleltasks.h"

namespace rekey::sam {

namespace {

struct PackedLinear
{
    tiles::Factors factors;
    const void *panels;
    const float *bias; ///< or null
    std::int64_t in, out;
};

PackedLinear pack(tiles::Factors factors, const Parameters &layer, tiles::Buffer &storage, const Progress &progress)
{
    const std::int64_t out = layer.weight.size(0), in = layer.weight.size(1);
    void *panels = storage.reserve(tiles::packedColumnsBytes(factors, out, in));
    const auto *weight = layer.weight.data_ptr<float>();
    parallelTasks(tiles::panelCount(factors, out), progress,
                  [&](std::int64_t panel, std::int64_t) { tiles::packPanel(factors, weight, in, out, in, panel, panels); });
    return {factors, panels, layer.bias.defined() ? layer.bias.data_ptr<float>() : nullptr, in, out};
}

/// As many rows as the second-level cache takes with their packed copy, in whole blocks, and so that all threads end together.
std::int64_t rowsAtOnce(std::int64_t rows)
{
    constexpr std::int64_t mostBlocks = 15;
    const std::int64_t blocks = (rows + tiles::blockRows - 1) / tiles::blockRows, workers = threads();
    const std::int64_t rounds = (blocks + mostBlocks * workers - 1) / (mostBlocks * workers);
    return (blocks + rounds * workers - 1) / (rounds * workers) * tiles::blockRows;
}

/// worker.from rows through the layer to worker.to rows.
template <class AnyWorker>
void apply(const PackedLinear &layer, tiles::Then then, AnyWorker &worker)
{
    const auto rows = static_cast<std::int64_t>(worker.from.size());
    void *packed = worker.rows.reserve(tiles::packedRowsBytes(layer.factors, rows, layer.in));
    tiles::packRows(layer.factors, worker.from.data(), rows, layer.in, packed);
    tiles::multiply(layer.factors, packed, rows, layer.panels, layer.out, layer.in, layer.bias, then, worker.to.data(), worker.scratch);
}

template <class Pointer>
void setRows(std::vector<Pointer> &rows, Pointer first, std::int64_t count, std::int64_t stride)
{
    rows.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i)
        rows[static_cast<std::size_t>(i)] = first + i * stride;
}

/// Where a token lies in the order of windows of `side`; 0: as it is.
class WindowOrder
{
public:
    WindowOrder(std::int64_t grid, std::int64_t side)
        : m_grid(grid)
        , m_side(side)
        , m_along(side > 0 ? (grid + side - 1) / side : 1)
    {
    }
    std::int64_t operator()(std::int64_t token) const
    {
        if (m_side == 0)
            return token;
        const std::int64_t y = token / m_grid, x = token % m_grid;
        return ((y / m_side * m_along + x / m_side) * m_side + y % m_side) * m_side + x % m_side;
    }
    bool padded() const { return m_side > 0 && m_along * m_side != m_grid; }

private:
    std::int64_t m_grid, m_side, m_along;
};

} // namespace

void ImageEncoder::projectTiles(const Block &block, Workspace &space, const Progress &progress) const
{
    const PackedLinear layer = pack(*m_factors, block.qkv, space.weights, progress);
    const WindowOrder order(space.grid, block.window);
    // A window reaches over the grid's edge into zeros, whose projection is the bias.
    if (order.padded()) {
        if (block.qkv.bias.defined())
            space.qkv.copy_(block.qkv.bias.expand_as(space.qkv));
        else
            space.qkv.zero_();
    }
    const std::int64_t tokens = space.x.size(0), chunk = rowsAtOnce(tokens);
    auto *qkv = space.qkv.data_ptr<float>();
    parallelTasks((tokens + chunk - 1) / chunk, progress, [&](std::int64_t task, std::int64_t index) {
        Workspace::Worker &worker = space.workers[static_cast<std::size_t>(index)];
        const std::int64_t first = task * chunk, last = std::min(first + chunk, tokens);
        const at::Tensor normed = space.norm1.defined() ? space.norm1.slice(0, first, last).contiguous()
                                                        : layerNorm(space.x.slice(0, first, last), block.norm1, m_config.encoderNormEps);
        setRows<const float *>(worker.from, normed.data_ptr<float>(), last - first, space.width);
        setRows<float *>(worker.to, qkv, last - first, 0);
        for (std::int64_t token = first; token < last; ++token)
            worker.to[static_cast<std::size_t>(token - first)] += order(token) * 3 * space.width;
        apply(layer, tiles::Then::Store, worker);
    });
}

void ImageEncoder::addAttentionTiles(const Block &block, Workspace &space, const Progress &progress) const
{
    const PackedLinear layer = pack(*m_factors, block.projection, space.weights, progress);
    const WindowOrder order(space.grid, block.window);
    const std::int64_t tokens = space.x.size(0), chunk = rowsAtOnce(tokens);
    const auto *attended = space.attended.data_ptr<float>();
    auto *x = space.x.data_ptr<float>();
    parallelTasks((tokens + chunk - 1) / chunk, progress, [&](std::int64_t task, std::int64_t index) {
        Workspace::Worker &worker = space.workers[static_cast<std::size_t>(index)];
        const std::int64_t first = task * chunk, last = std::min(first + chunk, tokens);
        setRows<const float *>(worker.from, attended, last - first, 0);
        for (std::int64_t token = first; token < last; ++token)
            worker.from[static_cast<std::size_t>(token - first)] += order(token) * space.width;
        setRows<float *>(worker.to, x + first * space.width, last - first, space.width);
        apply(layer, tiles::Then::Add, worker);
    });
}

void ImageEncoder::addMlpTiles(const Block &block, Workspace &space, const Progress &progress) const
{
    const PackedLinear in = pack(*m_factors, block.lin1, space.weights, progress);
    const PackedLinear out = pack(*m_factors, block.lin2, space.moreWeights, progress);
    const std::int64_t tokens = space.x.size(0), chunk = rowsAtOnce(tokens);
    const bool kept = space.mlp.defined();
    auto *result = (kept ? space.mlp : space.x).data_ptr<float>();
    parallelTasks((tokens + chunk - 1) / chunk, progress, [&](std::int64_t task, std::int64_t index) {
        Workspace::Worker &worker = space.workers[static_cast<std::size_t>(index)];
        const std::int64_t first = task * chunk, last = std::min(first + chunk, tokens), rows = last - first;
        const at::Tensor normed = space.norm2.defined() ? space.norm2.slice(0, first, last).contiguous()
                                                        : layerNorm(space.x.slice(0, first, last), block.norm2, m_config.encoderNormEps);
        auto *hidden = static_cast<float *>(worker.hidden.reserve(static_cast<std::size_t>(rows * in.out) * sizeof(float)));
        setRows<const float *>(worker.from, normed.data_ptr<float>(), rows, space.width);
        setRows<float *>(worker.to, hidden, rows, in.out);
        apply(in, tiles::Then::Gelu, worker);
        setRows<const float *>(worker.from, hidden, rows, in.out);
        setRows<float *>(worker.to, result + first * space.width, rows, space.width);
        apply(out, kept ? tiles::Then::Store : tiles::Then::Add, worker);
    });
}

at::Tensor ImageEncoder::projectAllTiles(const at::Tensor &x, const Parameters &layer, Workspace &space, const Progress &progress) const
{
    const PackedLinear packed = pack(*m_factors, layer, space.weights, progress);
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape.back() = packed.out;
    at::Tensor result = at::empty(shape, at::kFloat);
    const std::int64_t rows = x.numel() / packed.in, chunk = rowsAtOnce(rows);
    parallelTasks((rows + chunk - 1) / chunk, progress, [&](std::int64_t task, std::int64_t index) {
        Workspace::Worker &worker = space.workers[static_cast<std::size_t>(index)];
        const std::int64_t first = task * chunk, count = std::min(chunk, rows - first);
        setRows<const float *>(worker.from, x.data_ptr<float>() + first * packed.in, count, packed.in);
        setRows<float *>(worker.to, result.data_ptr<float>() + first * packed.out, count, packed.out);
        apply(packed, tiles::Then::Store, worker);
    });
    return result;
}

} // namespace rekey::sam
