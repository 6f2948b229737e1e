// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/transform.h"

#include "core/base/error.h"
#include "core/mapping/transformfields.h"
#include "core/mapping/transformshapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

using Shapes = std::vector<TensorShape>;

constexpr std::int64_t mostParts = 1 << 20; ///< of one tensor

struct Fault
{
    std::string text;
};

template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> text, Args &&...args)
{
    throw Fault{fmt::format(text, std::forward<Args>(args)...)};
}

std::size_t axis(int dim, const Shape &shape, std::size_t extra = 0)
{
    const auto rank = static_cast<int>(shape.size() + extra);
    if (dim < -rank || dim >= rank)
        fail("a tensor of shape {} has no dimension {}", shapeText(shape), dim);
    return static_cast<std::size_t>(dim < 0 ? dim + rank : dim);
}

std::int64_t product(std::int64_t a, std::int64_t b)
{
    std::int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result))
        fail("sizes {} and {} are too large", a, b);
    return result;
}

std::int64_t sum(std::int64_t a, std::int64_t b)
{
    std::int64_t result = 0;
    if (__builtin_add_overflow(a, b, &result))
        fail("sizes {} and {} are too large", a, b);
    return result;
}

std::int64_t count(const Shape &shape)
{
    std::int64_t elements = 1;
    for (const std::int64_t size : shape)
        elements = product(elements, size);
    return elements;
}

/// torch's promotion for the types of weights.
DType promoted(DType a, DType b)
{
    if (a == b)
        return a;
    const auto order = [](DType dtype) {
        switch (info(dtype).kind) {
        case DTypeKind::Bool: return 0;
        case DTypeKind::Integer: return 1;
        case DTypeKind::Float: return 2;
        case DTypeKind::Complex: return 3;
        default: fail("{} tensors cannot be joined with others", name(dtype));
        }
    };
    if (order(a) != order(b))
        return order(a) > order(b) ? a : b;
    const std::uint32_t bytesOfA = info(a).blockBytes, bytesOfB = info(b).blockBytes;
    if (bytesOfA != bytesOfB)
        return bytesOfA > bytesOfB ? a : b;
    return order(a) == 2 ? DType::F32 : bytesOfA == 1 ? DType::I16 : bytesOfA == 2 ? DType::I32 : DType::I64;
}

DType promoted(const Shapes &tensors)
{
    DType dtype = tensors.front().dtype;
    for (const TensorShape &tensor : tensors)
        dtype = promoted(dtype, tensor.dtype);
    return dtype;
}

const TensorShape &onlyOne(const Shapes &tensors)
{
    if (tensors.size() != 1)
        fail("needs one tensor, there are {}", tensors.size());
    return tensors.front();
}

void needSome(const Shapes &tensors)
{
    if (tensors.empty())
        fail("there is no tensor");
}

Shapes after(const Concat &step, const Shapes &tensors)
{
    needSome(tensors);
    Shape shape = tensors.front().shape;
    const std::size_t dim = axis(step.dim, shape);
    for (std::size_t i = 1; i < tensors.size(); ++i) {
        const Shape &other = tensors[i].shape;
        if (other.size() != shape.size())
            fail("{} and {} differ in the number of dimensions", shapeText(tensors.front().shape), shapeText(other));
        for (std::size_t d = 0; d < shape.size(); ++d) {
            if (d != dim && other[d] != shape[d])
                fail("{} and {} differ in dimension {}", shapeText(tensors.front().shape), shapeText(other), d);
        }
        shape[dim] = sum(shape[dim], other[dim]);
    }
    return {{shape, promoted(tensors)}};
}

Shapes after(const Split &step, const Shapes &tensors)
{
    const TensorShape &tensor = onlyOne(tensors);
    const std::size_t dim = axis(step.dim, tensor.shape);
    const std::int64_t whole = tensor.shape[dim];
    std::vector<std::int64_t> sizes = step.sizes;
    if (sizes.empty()) {
        if (step.parts < 1)
            fail("needs the number of parts or their sizes");
        if (step.parts > mostParts)
            fail("{} parts are more than any model has", step.parts);
        if (whole % step.parts != 0)
            fail("dimension {} of {} does not divide into {} equal parts", dim, shapeText(tensor.shape), step.parts);
        sizes.assign(static_cast<std::size_t>(step.parts), whole / step.parts);
    }
    std::int64_t total = 0;
    Shapes parts;
    for (const std::int64_t size : sizes) {
        if (size < 0 || size > whole)
            fail("a part of size {} does not fit dimension {} of {}", size, dim, shapeText(tensor.shape));
        total += size;
        parts.push_back(tensor);
        parts.back().shape[dim] = size;
    }
    if (total != whole)
        fail("the sizes add up to {}, dimension {} of {} has {}", total, dim, shapeText(tensor.shape), whole);
    return parts;
}

Shapes after(const Stack &step, const Shapes &tensors)
{
    needSome(tensors);
    for (const TensorShape &tensor : tensors) {
        if (tensor.shape != tensors.front().shape)
            fail("{} and {} differ", shapeText(tensors.front().shape), shapeText(tensor.shape));
    }
    Shape shape = tensors.front().shape;
    const std::size_t dim = axis(step.dim, shape, 1);
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(dim), static_cast<std::int64_t>(tensors.size()));
    return {{shape, promoted(tensors)}};
}

Shapes after(const Unstack &step, const Shapes &tensors)
{
    TensorShape tensor = onlyOne(tensors);
    const std::size_t dim = axis(step.dim, tensor.shape);
    const std::int64_t parts = tensor.shape[dim];
    if (parts > mostParts)
        fail("dimension {} of {} is too large to become as many tensors", dim, shapeText(tensor.shape));
    tensor.shape.erase(tensor.shape.begin() + static_cast<std::ptrdiff_t>(dim));
    return Shapes(static_cast<std::size_t>(parts), tensor);
}

Shapes after(const Sum &, const Shapes &tensors)
{
    needSome(tensors);
    for (const TensorShape &tensor : tensors) {
        if (tensor.shape != tensors.front().shape)
            fail("{} and {} differ", shapeText(tensors.front().shape), shapeText(tensor.shape));
    }
    return {{tensors.front().shape, promoted(tensors)}};
}

void needFloat(const TensorShape &tensor)
{
    if (info(tensor.dtype).kind != DTypeKind::Float)
        fail("needs floating-point tensors, not {}", name(tensor.dtype));
}

Shapes after(const FuseWeightNorm &step, const Shapes &tensors)
{
    if (tensors.size() != 2)
        fail("needs two tensors (g, v), there are {}", tensors.size());
    const TensorShape &g = tensors[0], &v = tensors[1];
    needFloat(v);
    const std::size_t dim = axis(step.dim, v.shape);
    if (count(g.shape) != v.shape[dim])
        fail("g of shape {} does not have one value for each of dimension {} of {}", shapeText(g.shape), dim, shapeText(v.shape));
    return {{v.shape, promoted(tensors)}};
}

Shapes after(const SplitWeightNorm &step, const Shapes &tensors)
{
    const TensorShape &weight = onlyOne(tensors);
    needFloat(weight);
    TensorShape g = weight;
    const std::size_t dim = axis(step.dim, weight.shape);
    for (std::size_t d = 0; d < g.shape.size(); ++d)
        g.shape[d] = d == dim ? g.shape[d] : 1;
    return {g, weight};
}

Shapes after(const FoldBatchNorm &step, const Shapes &tensors)
{
    const std::size_t needed = step.hasBias ? 6 : 5;
    if (tensors.size() != needed)
        fail("needs {} tensors (weight, {}norm weight, norm bias, running mean, running variance), there are {}", needed,
             step.hasBias ? "bias, " : "", tensors.size());
    const TensorShape &weight = tensors.front();
    needFloat(weight);
    const Shape channels = {weight.shape[axis(0, weight.shape)]};
    for (std::size_t i = 1; i < tensors.size(); ++i) {
        if (tensors[i].shape != channels)
            fail("tensor {} has shape {}, the weight {} has {} channels", i, shapeText(tensors[i].shape), shapeText(weight.shape),
                 channels[0]);
    }
    return {weight, {channels, weight.dtype}};
}

/// Steps that act on every tensor alike.
template <class S>
TensorShape afterEach(const S &, const TensorShape &tensor)
{
    return tensor;
}

TensorShape afterEach(const Slice &step, TensorShape tensor)
{
    std::int64_t &size = tensor.shape[axis(step.dim, tensor.shape)];
    if (step.step < 1)
        fail("the step is {}, at least 1 is expected", step.step);
    const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size); };
    if (step.start > size || (step.end != INT64_MAX && step.end > size))
        fail("a slice from {} to {} leaves {}", step.start, step.end == INT64_MAX ? "the end" : fmt::format("{}", step.end),
             shapeText(tensor.shape));
    const std::int64_t length = std::max<std::int64_t>(bound(step.end) - bound(step.start), 0);
    size = length / step.step + (length % step.step != 0);
    return tensor;
}

TensorShape afterEach(const Pad &step, TensorShape tensor)
{
    std::int64_t &size = tensor.shape[axis(step.dim, tensor.shape)];
    constexpr std::int64_t most = std::int64_t(1) << 40;
    if (step.before < 0 || step.after < 0 || step.before > most || step.after > most)
        fail("pads by {} and {}, numbers from 0 are expected", step.before, step.after);
    size = sum(size, step.before + step.after);
    return tensor;
}

TensorShape afterEach(const Permute &step, TensorShape tensor)
{
    const Shape before = tensor.shape;
    if (step.dims.size() != before.size())
        fail("names {} dimensions, {} has {}", step.dims.size(), shapeText(before), before.size());
    std::vector<bool> taken(before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
        const std::size_t from = axis(step.dims[i], before);
        if (taken[from])
            fail("names dimension {} twice", from);
        taken[from] = true;
        tensor.shape[i] = before[from];
    }
    return tensor;
}

TensorShape afterEach(const Transpose &step, TensorShape tensor)
{
    std::swap(tensor.shape[axis(step.dim0, tensor.shape)], tensor.shape[axis(step.dim1, tensor.shape)]);
    return tensor;
}

TensorShape afterEach(const Reshape &step, TensorShape tensor)
{
    Shape shape = step.shape;
    std::ptrdiff_t open = -1;
    std::int64_t known = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == 0 && i < tensor.shape.size())
            shape[i] = tensor.shape[i];
        if (shape[i] == -1 && open < 0)
            open = static_cast<std::ptrdiff_t>(i);
        else if (shape[i] < 0)
            fail("{} is no size; one -1 is allowed", shape[i]);
        else
            known = product(known, shape[i]);
    }
    const std::int64_t elements = count(tensor.shape);
    if (open >= 0) {
        if (known == 0 || elements % known != 0)
            fail("{} has {} elements, which {} does not divide", shapeText(tensor.shape), elements, known);
        shape[static_cast<std::size_t>(open)] = elements / known;
    } else if (known != elements) {
        fail("{} has {} elements, the new shape {}", shapeText(tensor.shape), elements, known);
    }
    tensor.shape = shape;
    return tensor;
}

TensorShape afterEach(const Squeeze &step, TensorShape tensor)
{
    const std::size_t dim = axis(step.dim, tensor.shape);
    if (tensor.shape[dim] != 1)
        fail("dimension {} of {} is not 1", dim, shapeText(tensor.shape));
    tensor.shape.erase(tensor.shape.begin() + static_cast<std::ptrdiff_t>(dim));
    return tensor;
}

TensorShape afterEach(const Unsqueeze &step, TensorShape tensor)
{
    const std::size_t dim = axis(step.dim, tensor.shape, 1);
    tensor.shape.insert(tensor.shape.begin() + static_cast<std::ptrdiff_t>(dim), 1);
    return tensor;
}

TensorShape afterEach(const Interleave &step, const TensorShape &tensor)
{
    const std::size_t dim = axis(step.dim, tensor.shape);
    if (step.outer < 1 || step.a < 1 || step.b < 1)
        fail("outer, a and b are {}, {} and {}, numbers from 1 are expected", step.outer, step.a, step.b);
    const std::int64_t parts = product(product(step.outer, step.a), step.b);
    if (tensor.shape[dim] % parts != 0)
        fail("dimension {} of {} does not divide into {}×{}×{} parts", dim, shapeText(tensor.shape), step.outer, step.a, step.b);
    return tensor;
}

TensorShape afterEach(const Repeat &step, TensorShape tensor)
{
    if (step.times < 1)
        fail("repeats {} times, a number from 1 is expected", step.times);
    std::int64_t &size = tensor.shape[axis(step.dim, tensor.shape)];
    size = product(size, step.times);
    return tensor;
}

TensorShape afterEach(const Interpolate &step, TensorShape tensor)
{
    needFloat(tensor);
    if (step.sizes.empty() || step.sizes.size() > 2 || std::ranges::any_of(step.sizes, [](std::int64_t s) { return s < 1; }))
        fail("needs one or two new sizes from 1");
    if (count(tensor.shape) == 0)
        fail("{} holds nothing to interpolate", shapeText(tensor.shape));
    const bool one = step.sizes.size() == 1;
    if (one ? step.mode != "linear" : (step.mode != "bilinear" && step.mode != "bicubic"))
        fail("mode '{}' does not fit; {}", step.mode,
             one ? "'linear' is expected for one size" : "'bilinear' or 'bicubic' is expected for two sizes");
    const std::size_t dim = axis(step.dim, tensor.shape);
    if (step.keep < 0 || step.keep >= tensor.shape[dim])
        fail("keeps {} rows, {} has {}", step.keep, shapeText(tensor.shape), tensor.shape[dim]);
    if (one) {
        tensor.shape[dim] = step.keep + step.sizes[0];
    } else if (step.flattened) {
        const std::int64_t rows = tensor.shape[dim] - step.keep;
        const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(rows))));
        if (side * side != rows)
            fail("{} rows of {} are no square grid", rows, shapeText(tensor.shape));
        tensor.shape[dim] = step.keep + product(step.sizes[0], step.sizes[1]);
    } else {
        if (step.keep != 0)
            fail("rows are kept aside only in a flattened table");
        tensor.shape[axis(static_cast<int>(dim) + 1, tensor.shape)] = step.sizes[1];
        tensor.shape[dim] = step.sizes[0];
    }
    return tensor;
}

TensorShape afterEach(const Cast &step, TensorShape tensor)
{
    if (info(step.dtype).kind == DTypeKind::Raw || step.dtype == DType::Other)
        fail("{} is no type to cast to", name(step.dtype));
    tensor.dtype = step.dtype;
    return tensor;
}

TensorShape afterEach(const Scale &, const TensorShape &tensor)
{
    needFloat(tensor);
    return tensor;
}

TensorShape afterEach(const Add &, const TensorShape &tensor)
{
    needFloat(tensor);
    return tensor;
}

TensorShape afterEach(const Negate &, const TensorShape &tensor)
{
    if (info(tensor.dtype).kind == DTypeKind::Bool)
        fail("needs numbers, not {}", name(tensor.dtype));
    return tensor;
}

Shapes afterStep(const Step &step, Shapes tensors)
{
    if (changesList(step.op)) {
        if (step.only >= 0)
            fail("'only input' goes with steps that act on each tensor alone");
        return std::visit([&tensors](const auto &op) -> Shapes {
            if constexpr (requires { after(op, tensors); })
                return after(op, tensors);
            else
                return tensors;
        }, step.op);
    }
    if (step.only >= static_cast<int>(tensors.size()))
        fail("there is no input {}, only {} tensors", step.only, tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (step.only < 0 || step.only == static_cast<int>(i))
            tensors[i] = std::visit([&](const auto &op) { return afterEach(op, tensors[i]); }, step.op);
    }
    return tensors;
}

} // namespace

std::vector<std::vector<TensorShape>> shapesBetweenSteps(const Transform &transform, std::vector<TensorShape> inputs)
{
    std::vector<Shapes> stages = {std::move(inputs)};
    for (const Step &step : transform) {
        try {
            stages.push_back(afterStep(step, stages.back()));
        } catch (const Fault &fault) {
            throw Error({}, transformText({step}), fault.text);
        }
    }
    return stages;
}

std::vector<TensorShape> outputShapes(const Transform &transform, std::vector<TensorShape> inputs)
{
    if (transform.empty())
        return inputs;
    return shapesBetweenSteps(transform, std::move(inputs)).back();
}

} // namespace rekey
