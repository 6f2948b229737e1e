// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/transformshapes.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

using Shapes = std::vector<TensorShape>;
/// Steps that undo one step, in order; nothing where that cannot be.
using Undo = std::optional<std::vector<BasicStep>>;

bool isWider(DType wide, DType narrow)
{
    if (wide == narrow)
        return true;
    const auto oneOf = [](DType dtype, std::initializer_list<DType> set) { return std::ranges::find(set, dtype) != set.end(); };
    switch (wide) {
    case DType::F64: return oneOf(narrow, {DType::F32, DType::F16, DType::BF16, DType::I32, DType::I16, DType::I8, DType::U16, DType::U8});
    case DType::F32:
        return oneOf(narrow, {DType::F16, DType::BF16, DType::F8E4M3, DType::F8E5M2, DType::I16, DType::I8, DType::U16, DType::U8});
    case DType::I64: return oneOf(narrow, {DType::I32, DType::I16, DType::I8, DType::U32, DType::U16, DType::U8});
    case DType::I32: return oneOf(narrow, {DType::I16, DType::I8, DType::U16, DType::U8});
    case DType::I16: return oneOf(narrow, {DType::I8, DType::U8});
    default: return false;
    }
}

/// Dimensions of size 1 that, put into `small` in this order, give `large`; nothing when that is not the difference.
std::optional<std::vector<int>> insertedOnes(const Shape &small, const Shape &large)
{
    std::vector<int> dims;
    std::size_t at = 0;
    for (std::size_t i = 0; i < large.size(); ++i) {
        if (at < small.size() && small[at] == large[i])
            ++at;
        else if (large[i] == 1)
            dims.push_back(static_cast<int>(i));
        else
            return std::nullopt;
    }
    if (at != small.size())
        return std::nullopt;
    return dims;
}

/// Squeeze and unsqueeze say the same for all shapes where a reshape names one: rules stay general.
Undo reshapeBack(const Shape &from, const Shape &to)
{
    std::vector<BasicStep> steps;
    if (const auto added = insertedOnes(from, to)) {
        for (const int dim : *added)
            steps.emplace_back(Unsqueeze{dim});
    } else if (const auto removed = insertedOnes(to, from)) {
        for (auto dim = removed->rbegin(); dim != removed->rend(); ++dim)
            steps.emplace_back(Squeeze{*dim});
    } else {
        // In a reshape 0 stands for the dimension that is there.
        for (std::size_t i = 0; i < to.size(); ++i) {
            if (to[i] == 0 && i < from.size() && from[i] != 0)
                return std::nullopt;
        }
        steps.emplace_back(Reshape{to});
    }
    return steps;
}

bool sameType(const Shapes &tensors, DType dtype)
{
    return std::ranges::all_of(tensors, [dtype](const TensorShape &tensor) { return tensor.dtype == dtype; });
}

Undo undo(const Concat &step, const Shapes &before, const Shapes &after)
{
    if (before.size() == 1)
        return Undo(std::in_place);
    const auto rank = static_cast<int>(after.front().shape.size());
    const auto dim = static_cast<std::size_t>(step.dim < 0 ? step.dim + rank : step.dim);
    Split split{step.dim, 0, {}};
    if (!sameType(before, after.front().dtype))
        return std::nullopt;
    for (const TensorShape &tensor : before)
        split.sizes.push_back(tensor.shape[dim]);
    if (std::ranges::all_of(split.sizes, [&](std::int64_t size) { return size == split.sizes.front(); }))
        split = {step.dim, static_cast<int>(before.size()), {}};
    return Undo({split});
}

Undo undo(const Split &step, const Shapes &, const Shapes &) { return Undo({Concat{step.dim}}); }

Undo undo(const Stack &step, const Shapes &before, const Shapes &after)
{
    return sameType(before, after.front().dtype) ? Undo({Unstack{step.dim}}) : std::nullopt;
}

Undo undo(const Unstack &step, const Shapes &, const Shapes &after)
{
    return after.empty() ? std::nullopt : Undo({Stack{step.dim}}); // of no tensors nothing is known
}

Undo undo(const Sum &, const Shapes &, const Shapes &) { return std::nullopt; }

/// Another g and v, which give the same weight.
Undo undo(const FuseWeightNorm &step, const Shapes &before, const Shapes &after)
{
    return sameType(before, after.front().dtype) ? Undo({SplitWeightNorm{step.dim}}) : std::nullopt;
}

Undo undo(const SplitWeightNorm &step, const Shapes &, const Shapes &) { return Undo({FuseWeightNorm{step.dim}}); }
Undo undo(const FoldBatchNorm &, const Shapes &, const Shapes &) { return std::nullopt; }

// One tensor before and after a step that acts on each.
Undo undoEach(const Slice &, const TensorShape &before, const TensorShape &after)
{
    return before == after ? Undo(std::in_place) : std::nullopt;
}

Undo undoEach(const Pad &step, const TensorShape &before, const TensorShape &)
{
    const auto rank = static_cast<int>(before.shape.size());
    const auto dim = static_cast<std::size_t>(step.dim < 0 ? step.dim + rank : step.dim);
    if (step.after == 0)
        return Undo({Slice{step.dim, step.before, INT64_MAX, 1}});
    return Undo({Slice{step.dim, step.before, step.before + before.shape[dim], 1}});
}

Undo undoEach(const Permute &step, const TensorShape &, const TensorShape &)
{
    Permute back{std::vector<int>(step.dims.size())};
    const auto rank = static_cast<int>(step.dims.size());
    for (int i = 0; i < rank; ++i) {
        const int from = step.dims[static_cast<std::size_t>(i)];
        back.dims[static_cast<std::size_t>(from < 0 ? from + rank : from)] = i;
    }
    return Undo({back});
}

Undo undoEach(const Transpose &step, const TensorShape &, const TensorShape &) { return Undo({step}); }

Undo undoEach(const Reshape &, const TensorShape &before, const TensorShape &after)
{
    return reshapeBack(after.shape, before.shape);
}

Undo undoEach(const Squeeze &step, const TensorShape &, const TensorShape &) { return Undo({Unsqueeze{step.dim}}); }
Undo undoEach(const Unsqueeze &step, const TensorShape &, const TensorShape &) { return Undo({Squeeze{step.dim}}); }

Undo undoEach(const Interleave &step, const TensorShape &, const TensorShape &)
{
    return Undo({Interleave{step.dim, step.outer, step.b, step.a}});
}

Undo undoEach(const Repeat &step, const TensorShape &before, const TensorShape &)
{
    const auto rank = static_cast<int>(before.shape.size());
    const auto dim = static_cast<std::size_t>(step.dim < 0 ? step.dim + rank : step.dim);
    return Undo({Slice{step.dim, 0, before.shape[dim], 1}});
}

Undo undoEach(const Interpolate &, const TensorShape &, const TensorShape &) { return std::nullopt; }

Undo undoEach(const Cast &step, const TensorShape &before, const TensorShape &)
{
    return isWider(step.dtype, before.dtype) ? Undo({Cast{before.dtype}}) : std::nullopt;
}

Undo undoEach(const Scale &step, const TensorShape &, const TensorShape &)
{
    return step.factor != 0 && std::isfinite(1 / step.factor) ? Undo({Scale{1 / step.factor}}) : std::nullopt;
}

Undo undoEach(const Add &step, const TensorShape &, const TensorShape &) { return Undo({Add{-step.value}}); }
Undo undoEach(const Negate &, const TensorShape &, const TensorShape &) { return Undo({Negate{}}); }

/// g may have been a plain vector; SplitWeightNorm gives it v's dimensions.
bool restoreG(const FuseWeightNorm &step, const Shapes &before, Transform &result)
{
    const Shape given = outputShapes({{SplitWeightNorm{step.dim}}}, {before[1]}).front().shape;
    if (given == before[0].shape)
        return true;
    const Undo steps = reshapeBack(given, before[0].shape);
    for (std::size_t i = 0; steps && i < steps->size(); ++i)
        result.push_back({(*steps)[i], 0});
    return steps.has_value();
}

/// Appends what undoes `step`; false where nothing does.
bool appendUndo(const Step &step, const Shapes &before, const Shapes &after, Transform &result)
{
    return std::visit([&](const auto &op) {
        if constexpr (requires { undo(op, before, after); }) {
            const Undo steps = undo(op, before, after);
            for (std::size_t i = 0; steps && i < steps->size(); ++i)
                result.push_back({(*steps)[i], -1});
            if constexpr (std::is_same_v<std::decay_t<decltype(op)>, FuseWeightNorm>) {
                if (steps)
                    return restoreG(op, before, result);
            }
            return steps.has_value();
        } else {
            std::vector<Undo> undone;
            for (std::size_t i = 0; i < before.size(); ++i) {
                if (step.only >= 0 && step.only != static_cast<int>(i))
                    continue;
                undone.push_back(undoEach(op, before[i], after[i]));
                if (!undone.back())
                    return false;
            }
            const bool alike = std::ranges::all_of(undone, [&](const Undo &u) { return u == undone.front(); });
            for (std::size_t i = 0; i < undone.size() && (i == 0 || !alike); ++i) {
                const int only = step.only >= 0 ? step.only : alike ? -1 : static_cast<int>(i);
                for (const BasicStep &basic : *undone[i])
                    result.push_back({basic, only});
            }
            return true;
        }
    }, step.op);
}

} // namespace

std::optional<Transform> inverse(const Transform &transform, const std::vector<TensorShape> &inputs)
{
    std::vector<Shapes> stages;
    try {
        stages = shapesBetweenSteps(transform, inputs);
    } catch (const Error &) {
        return std::nullopt;
    }
    Transform result;
    bool calculates = false; // so that what comes back is near the numbers that were there, and a cast to integers would cut it off
    for (std::size_t i = transform.size(); i-- > 0;) {
        const BasicStep &op = transform[i].op;
        calculates = calculates || std::holds_alternative<Scale>(op) || std::holds_alternative<Add>(op)
                     || std::holds_alternative<FuseWeightNorm>(op);
        const auto isNumber = [](const TensorShape &tensor) { return info(tensor.dtype).kind == DTypeKind::Float; };
        if (calculates && std::holds_alternative<Cast>(op) && !std::ranges::all_of(stages[i], isNumber))
            return std::nullopt;
        if (!appendUndo(transform[i], stages[i], stages[i + 1], result))
            return std::nullopt;
    }
    return result;
}

} // namespace rekey
