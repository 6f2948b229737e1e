// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/tileattention.h"

#include "core/runtime/paralleltasks.h"
#include "core/runtime/tilekernels.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace rekey::sam {

namespace {

using namespace tiles;
constexpr std::int64_t panel = kernels::panel32;
constexpr std::int64_t panelsAtOnce = 8;  // of queries: keys that came into the cache serve 256 of them
constexpr std::int64_t keysAtOnce = 20 * blockRows; // scores of a panel with them take 35 KiB

std::int64_t roundedUp(std::int64_t value, std::int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

struct Problem
{
    const float *qkv = nullptr;
    float *out = nullptr;
    const float *positions = nullptr; ///< packed rows: 2·rows - 1 of the vertical table, then 2·columns - 1; null: none
    std::int64_t groups, tokens, heads, headWidth, rows, columns;

    std::int64_t width() const { return heads * headWidth; }
    const float *token(std::int64_t group, std::int64_t which, std::int64_t head, std::int64_t index) const
    {
        return qkv + ((group * tokens + index) * 3 + which) * width() + head * headWidth;
    }
    /// Channels of the values in blocks of 13 or 14 rows, whichever leaves fewer unused.
    std::int64_t valueRows() const { return roundedUp(headWidth, 13) < roundedUp(headWidth, blockRows) ? 13 : blockRows; }
    std::int64_t valueChannels() const { return roundedUp(headWidth, valueRows()); }
    std::int64_t reach() const { return 2 * rows - 1 + 2 * columns - 1; }
    std::int64_t packedKeys() const { return roundedUp(tokens, blockRows) * headWidth; }
    std::int64_t packedValues() const { return tokens * valueChannels(); }
};

/// Keys in blocks of 14, values in blocks of channels.
void packKeysAndValues(const Problem &problem, std::int64_t group, std::int64_t head, float *keys, float *values)
{
    std::vector<const float *> rows(static_cast<std::size_t>(problem.tokens));
    for (std::int64_t i = 0; i < problem.tokens; ++i)
        rows[static_cast<std::size_t>(i)] = problem.token(group, 1, head, i);
    packRows(Factors::F32, rows.data(), problem.tokens, problem.headWidth, keys);
    const std::int64_t blockWidth = problem.valueRows();
    for (std::int64_t first = 0; first < problem.headWidth; first += blockWidth) {
        const std::int64_t here = std::min(blockWidth, problem.headWidth - first);
        float *to = values + first * problem.tokens;
        for (std::int64_t i = 0; i < problem.tokens; ++i, to += blockWidth) {
            const float *from = problem.token(group, 2, head, i) + first;
            for (std::int64_t c = 0; c < blockWidth; ++c)
                to[c] = c < here ? from[c] : 0;
        }
    }
}

/// A panel of 32 queries on its way through the keys.
struct PanelState
{
    Buffer queries, mixture, height, across;
    std::array<float, panel> largest, sums;
};

class HeadAttention
{
public:
    explicit HeadAttention(const Problem &problem)
        : m_problem(problem)
        , m_states(panelsAtOnce)
    {
    }

    /// Queries [first, last) of one head.
    void attend(std::int64_t group, std::int64_t head, std::int64_t first, std::int64_t last, const float *keys, const float *values)
    {
        const std::int64_t panels = (last - first + panel - 1) / panel;
        for (std::int64_t i = 0; i < panels; ++i)
            start(m_states[static_cast<std::size_t>(i)], group, head, first + i * panel, std::min(panel, last - first - i * panel));
        for (std::int64_t key = 0; key < m_problem.tokens; key += keysAtOnce) {
            for (std::int64_t i = 0; i < panels; ++i)
                addKeys(m_states[static_cast<std::size_t>(i)], key, std::min(keysAtOnce, m_problem.tokens - key), keys, values);
        }
        for (std::int64_t i = 0; i < panels; ++i)
            store(m_states[static_cast<std::size_t>(i)], group, head, first + i * panel, std::min(panel, last - first - i * panel));
    }

private:
    void start(PanelState &state, std::int64_t group, std::int64_t head, std::int64_t first, std::int64_t count)
    {
        const Problem &p = m_problem;
        float *queries = static_cast<float *>(state.queries.reserve(packedColumnsBytes(Factors::F32, panel, p.headWidth)));
        packPanel(Factors::F32, p.token(group, 0, head, first), 3 * p.width(), count, p.headWidth, 0, queries);
        state.mixture.reserve(static_cast<std::size_t>(p.valueChannels() * panel) * sizeof(float));
        state.largest.fill(-std::numeric_limits<float>::infinity());
        state.sums.fill(0);
        if (p.positions != nullptr)
            placePositions(state, first, count);
    }

    /// What relative positions add, by key row and by key column, for each query of the panel.
    void placePositions(PanelState &state, std::int64_t first, std::int64_t count)
    {
        const Problem &p = m_problem;
        float *all
            = static_cast<float *>(m_positions.reserve(static_cast<std::size_t>(roundedUp(p.reach(), blockRows) * panel) * sizeof(float)));
        for (std::int64_t row = 0; row < p.reach(); row += blockRows)
            kernels::tile32(p.positions + row * p.headWidth, state.queries.floats(), p.headWidth, all + row * panel, true);
        float *height = static_cast<float *>(state.height.reserve(static_cast<std::size_t>(p.rows * panel) * sizeof(float)));
        float *across = static_cast<float *>(state.across.reserve(static_cast<std::size_t>(p.columns * panel) * sizeof(float)));
        for (std::int64_t lane = 0; lane < panel; ++lane) {
            const std::int64_t query = first + std::min(lane, count - 1);
            const float *down = all + (p.rows - 1 - query / p.columns) * panel + lane;
            const float *along = all + (2 * p.rows - 1 + p.columns - 1 - query % p.columns) * panel + lane;
            for (std::int64_t y = 0; y < p.rows; ++y)
                height[y * panel + lane] = down[y * panel];
            for (std::int64_t x = 0; x < p.columns; ++x)
                across[x * panel + lane] = along[x * panel];
        }
    }

    void addKeys(PanelState &state, std::int64_t first, std::int64_t count, const float *keys, const float *values)
    {
        const Problem &p = m_problem;
        const bool fresh = first == 0;
        float *scores = static_cast<float *>(m_scores.reserve(static_cast<std::size_t>(keysAtOnce * panel) * sizeof(float)));
        for (std::int64_t row = 0; row < count; row += blockRows)
            kernels::tile32(keys + (first + row) * p.headWidth, state.queries.floats(), p.headWidth, scores + row * panel, true);
        std::array<float, panel> shrink;
        const bool placed = p.positions != nullptr;
        kernels::softmaxColumns(scores, count, 1 / std::sqrt(static_cast<float>(p.headWidth)), placed ? state.height.floats() : nullptr,
                                placed ? state.across.floats() : nullptr, p.columns, first / p.columns, first % p.columns,
                                state.largest.data(), state.sums.data(), shrink.data());
        float *mixture = state.mixture.floats();
        for (std::int64_t channel = 0; !fresh && channel < p.valueChannels(); ++channel) {
            for (std::int64_t lane = 0; lane < panel; ++lane)
                mixture[channel * panel + lane] *= shrink[static_cast<std::size_t>(lane)];
        }
        const std::int64_t blockWidth = p.valueRows();
        const auto tile = blockWidth == blockRows ? &kernels::tile32 : &kernels::tile32of13;
        for (std::int64_t channel = 0; channel < p.headWidth; channel += blockWidth)
            tile(values + channel * p.tokens + first * blockWidth, scores, count, mixture + channel * panel, fresh);
    }

    void store(const PanelState &state, std::int64_t group, std::int64_t head, std::int64_t first, std::int64_t count)
    {
        const Problem &p = m_problem;
        const float *mixture = state.mixture.floats();
        for (std::int64_t lane = 0; lane < count; ++lane) {
            float *out = p.out + (group * p.tokens + first + lane) * p.width() + head * p.headWidth;
            const float share = 1 / state.sums[static_cast<std::size_t>(lane)];
            for (std::int64_t channel = 0; channel < p.headWidth; ++channel)
                out[channel] = mixture[channel * panel + lane] * share;
        }
    }

    const Problem &m_problem;
    std::vector<PanelState> m_states;
    Buffer m_scores, m_positions;
};

/// For many tokens: keys and values of all heads are packed once, then tasks take some queries each.
void attendWholeGrid(const Problem &problem, const Progress &progress)
{
    const std::int64_t heads = problem.groups * problem.heads;
    Buffer keys, values;
    keys.reserve(static_cast<std::size_t>(heads * problem.packedKeys()) * sizeof(float));
    values.reserve(static_cast<std::size_t>(heads * problem.packedValues()) * sizeof(float));
    const auto keysOf = [&](std::int64_t head) { return keys.floats() + head * problem.packedKeys(); };
    const auto valuesOf = [&](std::int64_t head) { return values.floats() + head * problem.packedValues(); };
    parallelTasks(heads, progress, [&](std::int64_t head, std::int64_t) {
        packKeysAndValues(problem, head / problem.heads, head % problem.heads, keysOf(head), valuesOf(head));
    });
    std::vector<HeadAttention> workers;
    for (int i = 0; i < threads(); ++i)
        workers.emplace_back(problem);
    constexpr std::int64_t queries = panelsAtOnce * panel;
    const std::int64_t parts = (problem.tokens + queries - 1) / queries;
    parallelTasks(heads * parts, progress, [&](std::int64_t task, std::int64_t worker) {
        const std::int64_t head = task / parts, first = task % parts * queries;
        workers[static_cast<std::size_t>(worker)].attend(head / problem.heads, head % problem.heads, first,
                                                         std::min(first + queries, problem.tokens), keysOf(head), valuesOf(head));
    });
}

/// For windows: a task is one head of one of them.
void attendWindows(const Problem &problem, const Progress &progress)
{
    struct Worker
    {
        HeadAttention attention;
        Buffer keys, values;
    };
    std::vector<Worker> workers;
    for (int i = 0; i < threads(); ++i)
        workers.push_back({HeadAttention(problem), {}, {}});
    parallelTasks(problem.groups * problem.heads, progress, [&](std::int64_t task, std::int64_t index) {
        Worker &worker = workers[static_cast<std::size_t>(index)];
        auto *keys = static_cast<float *>(worker.keys.reserve(static_cast<std::size_t>(problem.packedKeys()) * sizeof(float)));
        auto *values = static_cast<float *>(worker.values.reserve(static_cast<std::size_t>(problem.packedValues()) * sizeof(float)));
        const std::int64_t group = task / problem.heads, head = task % problem.heads;
        packKeysAndValues(problem, group, head, keys, values);
        worker.attention.attend(group, head, 0, problem.tokens, keys, values);
    });
}

} // namespace

void tileAttention(at::Tensor &out, const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns,
                   const at::Tensor &tableH, const at::Tensor &tableW, const Progress &progress)
{
    Problem problem {qkv.data_ptr<float>(), out.data_ptr<float>(), nullptr, qkv.size(0), rows * columns, heads,
                     qkv.size(2) / 3 / heads, rows, columns};
    Buffer positions;
    if (tableH.defined()) {
        // Each axis from its far end: then a query's offsets lie one after the other.
        const at::Tensor tables = at::cat({tableH.flip(0), tableW.flip(0)}).contiguous();
        std::vector<const float *> vectors;
        for (std::int64_t i = 0; i < tables.size(0); ++i)
            vectors.push_back(tables.data_ptr<float>() + i * problem.headWidth);
        positions.reserve(packedRowsBytes(Factors::F32, tables.size(0), problem.headWidth));
        packRows(Factors::F32, vectors.data(), tables.size(0), problem.headWidth, positions.data());
        problem.positions = positions.floats();
    }
    if (problem.tokens <= panelsAtOnce * panel)
        attendWindows(problem, progress);
    else
        attendWholeGrid(problem, progress);
}

} // namespace rekey::sam
