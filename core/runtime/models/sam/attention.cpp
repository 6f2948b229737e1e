// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/attention.h"

#include "core/runtime/blas.h"
#include "core/runtime/models/sam/stripsoftmax.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

namespace rekey::sam {

namespace {

constexpr std::int64_t stripElements = 256 * 1024; ///< 1 MiB of scores: half of a usual second-level cache

struct Problem
{
    at::Tensor qkv; ///< [groups, tokens, 3, heads, head width]
    at::Tensor out; ///< [groups, tokens, heads, head width]
    at::Tensor positions; ///< [2·rows - 1 + 2·columns - 1, head width], each axis from its far end; undefined: none
    std::int64_t rows, columns;

    std::int64_t tokens() const { return rows * columns; }
    std::int64_t heads() const { return out.size(2); }
    std::int64_t headWidth() const { return out.size(3); }
};

/// Keys and relative positions under one another: one product gives a query's scores and its positional terms.
at::Tensor keysAndPositions(const Problem &problem, std::int64_t group, std::int64_t head)
{
    const at::Tensor keys = problem.qkv.select(0, group).select(1, 1).select(1, head);
    return problem.positions.defined() ? at::cat({keys, problem.positions}) : keys;
}

/// Queries [first, last) of one head.
void attendStrip(const Problem &problem, std::int64_t group, std::int64_t head, const at::Tensor &keys, std::int64_t first, std::int64_t last,
                 at::Tensor &buffer)
{
    const std::int64_t tokens = problem.tokens();
    const at::Tensor part = problem.qkv.select(0, group);
    const at::Tensor queries = part.select(1, 0).select(1, head).slice(0, first, last);
    const at::Tensor values = part.select(1, 2).select(1, head);
    at::Tensor scores = buffer.narrow(0, 0, last - first);
    at::mm_out(scores, queries, keys.t());

    const float scale = 1 / std::sqrt(static_cast<float>(problem.headWidth()));
    const std::int64_t stride = scores.size(1);
    at::Tensor sums = at::empty({last - first, 1}, at::kFloat);
    for (std::int64_t query = first; query < last; ++query) {
        float *row = scores.data_ptr<float>() + (query - first) * stride;
        const float *height = nullptr, *across = nullptr;
        if (problem.positions.defined()) {
            height = row + tokens + (problem.rows - 1 - query / problem.columns);
            across = row + tokens + (2 * problem.rows - 1) + (problem.columns - 1 - query % problem.columns);
        }
        sums.data_ptr<float>()[query - first] = softmaxWeights(row, static_cast<std::size_t>(problem.rows), static_cast<std::size_t>(problem.columns),
                                                               scale, height, across);
    }
    at::Tensor result = at::mm(scores.narrow(1, 0, tokens), values);
    problem.out.select(0, group).select(1, head).slice(0, first, last).copy_(result.div_(sums));
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

at::Tensor gridAttention(const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns, const at::Tensor &tableH,
                         const at::Tensor &tableW, const Progress &progress)
{
    const std::int64_t groups = qkv.size(0), width = qkv.size(2) / 3;
    Problem problem{qkv.view({groups, rows * columns, 3, heads, width / heads}), at::empty({groups, rows * columns, heads, width / heads}, at::kFloat),
                    {}, rows, columns};
    if (tableH.defined())
        problem.positions = at::cat({tableH.flip(0), tableW.flip(0)});

    const std::int64_t scoreWidth = problem.tokens() + (problem.positions.defined() ? problem.positions.size(0) : 0);
    const std::int64_t stripRows = std::clamp<std::int64_t>(stripElements / scoreWidth, 8, problem.tokens());
    const std::int64_t strips = (problem.tokens() + stripRows - 1) / stripRows;
    const SingleThreadedBlas blas;
    at::parallel_for(0, groups * heads * strips, 1, [&](std::int64_t begin, std::int64_t end) {
        const c10::InferenceMode mode;
        at::Tensor buffer = at::empty({stripRows, scoreWidth}, at::kFloat);
        at::Tensor keys;
        for (std::int64_t task = begin; task < end; ++task) {
            progress.check();
            const std::int64_t group = task / (heads * strips), head = task / strips % heads, strip = task % strips;
            if (!keys.defined() || strip == 0)
                keys = keysAndPositions(problem, group, head);
            attendStrip(problem, group, head, keys, strip * stripRows, std::min((strip + 1) * stripRows, problem.tokens()), buffer);
        }
    });
    return problem.out.view({groups, rows * columns, width});
}

} // namespace rekey::sam
