// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/attention.h"

#include "core/runtime/models/sam/stripsoftmax.h"
#include "core/runtime/models/sam/tileattention.h"
#include "core/runtime/paralleltasks.h"
#include "core/runtime/tiles.h"

#include <cmath>
#include <limits>

namespace rekey::sam {

namespace {

// Products of this size run at nearly full speed, and their scores (512 KiB) leave room in the second-level cache.
constexpr std::int64_t queriesAtOnce = 256;
constexpr std::int64_t keysAtOnce = 512;

struct Problem
{
    at::Tensor qkv;       ///< [groups, tokens, 3, heads, head width]
    at::Tensor out;       ///< [groups, tokens, heads, head width]
    at::Tensor positions; ///< [2·rows - 1 + 2·columns - 1, head width], each axis from its far end; undefined: none
    std::int64_t rows, columns;

    std::int64_t tokens() const { return rows * columns; }
    std::int64_t headWidth() const { return out.size(3); }
    at::Tensor part(std::int64_t group, std::int64_t which, std::int64_t head) const
    {
        return qkv.select(0, group).select(1, which).select(1, head);
    }
};

/// Of one thread.
struct Buffers
{
    std::vector<float> scores, largest, sums;
};

/// Queries [first, last) of one head over the keys of grid rows [keyRow, keyEnd): adds to their mixture of values, scaled to the maxima so
/// far.
void attendKeys(const Problem &problem, const at::Tensor &queries, const at::Tensor &keys, const at::Tensor &values,
                const at::Tensor &positional, std::int64_t first, std::int64_t keyRow, std::int64_t keyEnd, Buffers &buffers,
                at::Tensor &mixture)
{
    const std::int64_t count = queries.size(0), width = (keyEnd - keyRow) * problem.columns;
    at::Tensor scores = at::from_blob(buffers.scores.data(), {count, width}, at::kFloat);
    at::mm_out(scores, queries, keys.slice(0, keyRow * problem.columns, keyEnd * problem.columns).t());
    const float scale = 1 / std::sqrt(static_cast<float>(problem.headWidth()));
    for (std::int64_t i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const std::int64_t query = first + i;
        const float *height = nullptr, *across = nullptr;
        if (positional.defined()) {
            const float *row = positional.data_ptr<float>() + i * positional.size(1);
            height = row + (problem.rows - 1 - query / problem.columns) + keyRow;
            across = row + (2 * problem.rows - 1) + (problem.columns - 1 - query % problem.columns);
        }
        const float before = buffers.largest[at];
        const float sum = softmaxWeights(buffers.scores.data() + i * width, static_cast<std::size_t>(keyEnd - keyRow),
                                         static_cast<std::size_t>(problem.columns), scale, height, across, buffers.largest[at]);
        const float shrink = keyRow == 0 ? 0 : std::exp(before - buffers.largest[at]);
        buffers.sums[at] = buffers.sums[at] * shrink + sum;
        float *mixed = mixture.data_ptr<float>() + i * problem.headWidth();
        for (std::int64_t c = 0; keyRow > 0 && shrink < 1 && c < problem.headWidth(); ++c)
            mixed[c] *= shrink;
    }
    const at::Tensor block = values.slice(0, keyRow * problem.columns, keyEnd * problem.columns);
    if (keyRow == 0)
        at::mm_out(mixture, scores, block);
    else
        mixture.addmm_(scores, block);
}

/// Queries [first, last) of one head.
void attendQueries(const Problem &problem, std::int64_t group, std::int64_t head, std::int64_t first, std::int64_t last, Buffers &buffers)
{
    const at::Tensor queries = problem.part(group, 0, head).slice(0, first, last);
    const at::Tensor keys = problem.part(group, 1, head), values = problem.part(group, 2, head);
    const at::Tensor positional = problem.positions.defined() ? at::mm(queries, problem.positions.t()) : at::Tensor();
    const std::int64_t keyRows = std::clamp<std::int64_t>(keysAtOnce / problem.columns, 1, problem.rows);
    buffers.scores.resize(static_cast<std::size_t>((last - first) * keyRows * problem.columns) + softmaxSlack);
    buffers.largest.assign(static_cast<std::size_t>(last - first), -std::numeric_limits<float>::infinity());
    buffers.sums.assign(static_cast<std::size_t>(last - first), 0);
    at::Tensor mixture = at::empty({last - first, problem.headWidth()}, at::kFloat);
    for (std::int64_t row = 0; row < problem.rows; row += keyRows)
        attendKeys(problem, queries, keys, values, positional, first, row, std::min(row + keyRows, problem.rows), buffers, mixture);
    const at::Tensor sums = at::from_blob(buffers.sums.data(), {last - first, 1}, at::kFloat);
    problem.out.select(0, group).select(1, head).slice(0, first, last).copy_(mixture.div_(sums));
}

} // namespace

at::Tensor relativeTable(const at::Tensor &table, std::int64_t size)
{
    const std::int64_t wanted = 2 * size - 1;
    if (table.size(0) == wanted)
        return table;
    return at::upsample_linear1d(table.t().unsqueeze(0).contiguous(), {wanted}, false).squeeze(0).t().contiguous();
}

at::Tensor relativePositions(const at::Tensor &table, std::int64_t queries, std::int64_t keys)
{
    const at::Tensor resized = relativeTable(table, std::max(queries, keys));
    const double queryScale = std::max(static_cast<double>(keys) / static_cast<double>(queries), 1.0);
    const double keyScale = std::max(static_cast<double>(queries) / static_cast<double>(keys), 1.0);
    const at::Tensor query = at::arange(queries, at::kFloat).unsqueeze(1) * queryScale;
    const at::Tensor key = at::arange(keys, at::kFloat).unsqueeze(0) * keyScale;
    const at::Tensor distance = (query - key) + static_cast<double>(keys - 1) * keyScale;
    const at::Tensor index = distance.to(at::kLong);
    return resized.index_select(0, index.flatten()).reshape({queries, keys, table.size(1)});
}

void gridAttention(at::Tensor &out, const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns,
                   const at::Tensor &tableH, const at::Tensor &tableW, const Progress &progress)
{
    if (tiles::available(tiles::Factors::F32)) {
        tileAttention(out, qkv, heads, rows, columns, tableH, tableW, progress);
        return;
    }
    blasAttention(out, qkv, heads, rows, columns, tableH, tableW, progress);
}

void blasAttention(at::Tensor &out, const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns,
                   const at::Tensor &tableH, const at::Tensor &tableW, const Progress &progress)
{
    const std::int64_t groups = qkv.size(0), tokens = rows * columns, headWidth = qkv.size(2) / 3 / heads;
    Problem problem{qkv.view({groups, tokens, 3, heads, headWidth}), out.view({groups, tokens, heads, headWidth}), {}, rows, columns};
    if (tableH.defined())
        problem.positions = at::cat({tableH.flip(0), tableW.flip(0)});
    const std::int64_t blocks = (tokens + queriesAtOnce - 1) / queriesAtOnce;
    std::vector<Buffers> buffers(static_cast<std::size_t>(threads()));
    parallelTasks(groups * heads * blocks, progress, [&](std::int64_t task, std::int64_t worker) {
        const std::int64_t first = task % blocks * queriesAtOnce;
        attendQueries(problem, task / (heads * blocks), task / blocks % heads, first, std::min(first + queriesAtOnce, tokens),
                      buffers[static_cast<std::size_t>(worker)]);
    });
}

} // namespace rekey::sam
