// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/rearrangement.h"

#include "core/mapping/transformshapes.h"

#include <algorithm>

namespace rekey {

namespace {

constexpr std::uint64_t mostRuns = 1024; // of one tensor

/// A tensor of which is known where each element comes from.
class Runs
{
public:
    bool tooMany() const { return m_runs.size() > mostRuns; }

    /// No more than one too many.
    void append(const ElementRun &run)
    {
        if (run.count == 0 || tooMany())
            return;
        if (!m_runs.empty() && m_runs.back().input == run.input && m_runs.back().first + m_runs.back().count == run.first)
            m_runs.back().count += run.count;
        else
            m_runs.push_back(run);
        if (m_ends.size() < m_runs.size())
            m_ends.push_back(m_ends.empty() ? 0 : m_ends.back());
        m_ends.back() += run.count;
    }

    /// Elements [first, first + count) of another.
    void append(const Runs &other, std::uint64_t first, std::uint64_t count)
    {
        auto at = static_cast<std::size_t>(std::ranges::upper_bound(other.m_ends, first) - other.m_ends.begin());
        for (; count > 0 && !tooMany(); ++at) {
            const ElementRun &run = other.m_runs[at];
            const std::uint64_t skipped = first - (other.m_ends[at] - run.count);
            const std::uint64_t taken = std::min(count, run.count - skipped);
            append({run.input, run.first + skipped, taken});
            first += taken;
            count -= taken;
        }
    }

    const std::vector<ElementRun> &runs() const { return m_runs; }

private:
    std::vector<ElementRun> m_runs;
    std::vector<std::uint64_t> m_ends; ///< of each run, counted in elements of the whole
};

struct Tensor
{
    TensorShape description;
    Runs runs;
};
using Tensors = std::vector<Tensor>;
using Shapes = std::vector<TensorShape>;

/// A row-major tensor is `rows` times `size` times `inner` elements, seen along a dimension.
struct Along
{
    std::uint64_t rows = 1, size = 1, inner = 1;
};

Along along(const Shape &shape, int dim)
{
    const std::size_t at = dim < 0 ? shape.size() - static_cast<std::size_t>(-dim) : static_cast<std::size_t>(dim);
    Along result;
    for (std::size_t i = 0; i < shape.size(); ++i)
        (i < at ? result.rows : i == at ? result.size : result.inner) *= static_cast<std::uint64_t>(shape[i]);
    return result;
}

bool sameTypes(const Tensors &in)
{
    return std::ranges::all_of(in, [&](const Tensor &tensor) { return tensor.description.dtype == in.front().description.dtype; });
}

/// Row by row, the next part of every tensor.
std::optional<Runs> joined(const Tensors &in, std::uint64_t rows)
{
    if (!sameTypes(in) || rows * in.size() > mostRuns)
        return std::nullopt;
    Runs result;
    for (std::uint64_t row = 0; row < rows; ++row) {
        for (const Tensor &tensor : in) {
            const std::uint64_t count = elementCount(tensor.description.shape) / rows;
            result.append(tensor.runs, row * count, count);
        }
    }
    return result;
}

std::optional<Runs> narrowed(const Tensor &tensor, int dim, std::uint64_t start, std::uint64_t size)
{
    const Along view = along(tensor.description.shape, dim);
    if (view.rows > mostRuns)
        return std::nullopt;
    Runs result;
    for (std::uint64_t row = 0; row < view.rows; ++row)
        result.append(tensor.runs, (row * view.size + start) * view.inner, size * view.inner);
    return result;
}

// Steps on the list; `out` are the shapes that they give.

std::optional<std::vector<Runs>> moved(const Concat &step, const Tensors &in, const Shapes &out)
{
    const std::optional<Runs> runs = elementCount(out[0].shape) == 0 ? Runs() : joined(in, along(out[0].shape, step.dim).rows);
    return runs ? std::optional(std::vector {*runs}) : std::nullopt;
}

std::optional<std::vector<Runs>> moved(const Stack &step, const Tensors &in, const Shapes &out)
{
    return moved(Concat{step.dim}, in, out);
}

/// The tensor's parts along a dimension, `sizes` long.
std::optional<std::vector<Runs>> parts(const Tensor &whole, int dim, const std::vector<std::uint64_t> &sizes)
{
    std::vector<Runs> result;
    std::uint64_t start = 0;
    for (const std::uint64_t size : sizes) {
        const std::optional<Runs> runs = narrowed(whole, dim, start, size);
        if (!runs)
            return std::nullopt;
        result.push_back(*runs);
        start += size;
    }
    return result;
}

std::optional<std::vector<Runs>> moved(const Split &step, const Tensors &in, const Shapes &out)
{
    std::vector<std::uint64_t> sizes;
    for (const TensorShape &part : out)
        sizes.push_back(along(part.shape, step.dim).size);
    return parts(in[0], step.dim, sizes);
}

std::optional<std::vector<Runs>> moved(const Unstack &step, const Tensors &in, const Shapes &out)
{
    return parts(in[0], step.dim, std::vector<std::uint64_t>(out.size(), 1));
}

// Steps on one tensor.

std::optional<Runs> movedEach(const Slice &step, const Tensor &in, const TensorShape &out)
{
    const Along view = along(in.description.shape, step.dim);
    const auto size = static_cast<std::int64_t>(view.size);
    const std::int64_t start = std::clamp<std::int64_t>(step.start < 0 ? step.start + size : step.start, 0, size);
    return step.step == 1 ? narrowed(in, step.dim, static_cast<std::uint64_t>(start), along(out.shape, step.dim).size) : std::nullopt;
}

std::optional<Runs> movedEach(const Reshape &, const Tensor &in, const TensorShape &) { return in.runs; }
std::optional<Runs> movedEach(const Squeeze &, const Tensor &in, const TensorShape &) { return in.runs; }
std::optional<Runs> movedEach(const Unsqueeze &, const Tensor &in, const TensorShape &) { return in.runs; }

std::optional<Runs> movedEach(const Interleave &step, const Tensor &in, const TensorShape &)
{
    const Along view = along(in.description.shape, step.dim);
    const auto outer = static_cast<std::uint64_t>(step.outer), a = static_cast<std::uint64_t>(step.a),
               b = static_cast<std::uint64_t>(step.b);
    if (view.rows * outer * a * b > mostRuns)
        return std::nullopt;
    const std::uint64_t count = view.size / (outer * a * b) * view.inner;
    Runs result;
    for (std::uint64_t block = 0; block < view.rows * outer; ++block) {
        for (std::uint64_t column = 0; column < b; ++column) {
            for (std::uint64_t row = 0; row < a; ++row)
                result.append(in.runs, ((block * a + row) * b + column) * count, count);
        }
    }
    return result;
}

std::optional<Runs> movedEach(const Repeat &step, const Tensor &in, const TensorShape &)
{
    const Along view = along(in.description.shape, step.dim);
    const auto times = static_cast<std::uint64_t>(step.times);
    if (view.rows * times > mostRuns)
        return std::nullopt;
    Runs result;
    for (std::uint64_t row = 0; row < view.rows; ++row) {
        for (std::uint64_t time = 0; time < times; ++time)
            result.append(in.runs, row * view.size * view.inner, view.size * view.inner);
    }
    return result;
}

std::optional<std::vector<Runs>> movedBy(const Step &step, const Tensors &in, const Shapes &out)
{
    return std::visit([&](const auto &op) -> std::optional<std::vector<Runs>> {
        if constexpr (requires { moved(op, in, out); }) {
            return moved(op, in, out);
        } else if constexpr (requires { movedEach(op, in[0], out[0]); }) {
            std::vector<Runs> all;
            for (std::size_t i = 0; i < in.size(); ++i) {
                const bool acts = step.only < 0 || step.only == static_cast<int>(i);
                const bool empty = elementCount(out[i].shape) == 0;
                const std::optional<Runs> runs = empty ? Runs() : acts ? movedEach(op, in[i], out[i]) : in[i].runs;
                if (!runs)
                    return std::nullopt;
                all.push_back(*runs);
            }
            return all;
        } else {
            return std::nullopt;
        }
    }, step.op);
}

} // namespace

std::optional<std::vector<Rearranged>> rearranged(const Transform &transform, const std::vector<TensorShape> &inputs)
{
    const auto stages = shapesBetweenSteps(transform, inputs);
    Tensors tensors;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        Tensor &tensor = tensors.emplace_back(Tensor{inputs[i], {}});
        tensor.runs.append({static_cast<std::uint32_t>(i), 0, elementCount(inputs[i].shape)});
    }
    for (std::size_t i = 0; i < transform.size(); ++i) {
        const Shapes &out = stages[i + 1];
        const auto moved = movedBy(transform[i], tensors, out);
        if (!moved)
            return std::nullopt;
        tensors.clear();
        for (std::size_t k = 0; k < out.size(); ++k) {
            if ((*moved)[k].tooMany())
                return std::nullopt;
            tensors.push_back({out[k], (*moved)[k]});
        }
    }
    std::vector<Rearranged> result;
    for (const Tensor &tensor : tensors)
        result.push_back({tensor.description.dtype, tensor.runs.runs()});
    return result;
}

} // namespace rekey
