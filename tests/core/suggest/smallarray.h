// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace rekey::testdata {

/// A row-major tensor, and transforms carried out on it element by element: slow, and easy to believe.
struct Array
{
    Shape shape;
    std::vector<float> data;
    bool operator==(const Array &) const = default;
};

inline Array permuted(const Array &a, const std::vector<int> &dims)
{
    Array result{{}, std::vector<float>(a.data.size())};
    for (const int d : dims)
        result.shape.push_back(a.shape[static_cast<std::size_t>(d)]);
    std::vector<std::size_t> strides(a.shape.size(), 1), index(a.shape.size(), 0);
    for (std::size_t d = a.shape.size(); d-- > 1;)
        strides[d - 1] = strides[d] * static_cast<std::size_t>(a.shape[d]);
    for (auto &value : result.data) {
        std::size_t at = 0;
        for (std::size_t d = 0; d < dims.size(); ++d)
            at += index[d] * strides[static_cast<std::size_t>(dims[d])];
        value = a.data[at];
        for (std::size_t d = dims.size(); d-- > 0 && ++index[d] == static_cast<std::size_t>(result.shape[d]);)
            index[d] = 0;
    }
    return result;
}

inline Array reshaped(Array a, const Shape &shape)
{
    if (elementCount(shape) != a.data.size())
        throw std::logic_error("reshape");
    a.shape = shape;
    return a;
}

/// [outer, size of dim, inner].
inline std::pair<std::size_t, std::size_t> around(const Shape &shape, int dim)
{
    std::size_t outer = 1, inner = 1;
    for (std::size_t d = 0; d < shape.size(); ++d)
        (static_cast<int>(d) < dim   ? outer
         : static_cast<int>(d) > dim ? inner
                                     : outer)
            *= static_cast<int>(d) == dim ? 1 : static_cast<std::size_t>(shape[d]);
    return {outer, inner};
}

/// Picks indices along a dimension.
inline Array picked(const Array &a, int dim, const std::vector<std::size_t> &indices)
{
    const auto [outer, inner] = around(a.shape, dim);
    const auto size = static_cast<std::size_t>(a.shape[static_cast<std::size_t>(dim)]);
    Array result{a.shape, {}};
    result.shape[static_cast<std::size_t>(dim)] = static_cast<std::int64_t>(indices.size());
    for (std::size_t o = 0; o < outer; ++o)
        for (const std::size_t i : indices)
            for (std::size_t n = 0; n < inner; ++n)
                result.data.push_back(a.data[(o * size + i) * inner + n]);
    return result;
}

inline Array sliced(const Array &a, int dim, std::int64_t start, std::int64_t end)
{
    std::vector<std::size_t> indices(static_cast<std::size_t>(end - start));
    std::iota(indices.begin(), indices.end(), static_cast<std::size_t>(start));
    return picked(a, dim, indices);
}

inline Array concatenated(const std::vector<Array> &parts, int dim)
{
    const auto [outer, inner] = around(parts.front().shape, dim);
    Array result{parts.front().shape, {}};
    auto &size = result.shape[static_cast<std::size_t>(dim)] = 0;
    for (const auto &part : parts)
        size += part.shape[static_cast<std::size_t>(dim)];
    for (std::size_t o = 0; o < outer; ++o)
        for (const auto &part : parts) {
            const std::size_t run = static_cast<std::size_t>(part.shape[static_cast<std::size_t>(dim)]) * inner;
            result.data.insert(result.data.end(), part.data.begin() + static_cast<std::ptrdiff_t>(o * run),
                               part.data.begin() + static_cast<std::ptrdiff_t>((o + 1) * run));
        }
    return result;
}

inline Array interleaved(const Array &a, const Interleave &weave)
{
    const auto size = a.shape[static_cast<std::size_t>(weave.dim)], rest = size / (weave.outer * weave.a * weave.b);
    std::vector<std::size_t> from(static_cast<std::size_t>(size));
    for (std::int64_t o = 0; o < weave.outer; ++o)
        for (std::int64_t i = 0; i < weave.a; ++i)
            for (std::int64_t j = 0; j < weave.b; ++j)
                for (std::int64_t r = 0; r < rest; ++r)
                    from[static_cast<std::size_t>(((o * weave.b + j) * weave.a + i) * rest + r)] =
                        static_cast<std::size_t>(((o * weave.a + i) * weave.b + j) * rest + r);
    return picked(a, weave.dim, from);
}

inline Array padded(const Array &a, const Pad &pad)
{
    const auto filled = [&](std::int64_t size) {
        Shape shape = a.shape;
        shape[static_cast<std::size_t>(pad.dim)] = size;
        return Array{shape, std::vector<float>(elementCount(shape), static_cast<float>(pad.value))};
    };
    return concatenated({filled(pad.before), a, filled(pad.after)}, pad.dim);
}

/// Values in slices along `dim`: calls visit(slice, value).
template<typename Values, typename Visit>
void eachOfSlices(const Shape &shape, int dim, Values &data, const Visit &visit)
{
    const std::size_t inner = around(shape, dim).second, count = static_cast<std::size_t>(shape[static_cast<std::size_t>(dim)]);
    for (std::size_t i = 0; i < data.size(); ++i)
        visit(i / inner % count, data[i]);
}

inline Array lengths(const Array &v, int dim)
{
    Array g{Shape(v.shape.size(), 1), {}};
    g.shape[static_cast<std::size_t>(dim)] = v.shape[static_cast<std::size_t>(dim)];
    std::vector<double> squares(elementCount(g.shape), 0.0);
    eachOfSlices(v.shape, dim, v.data, [&](std::size_t slice, float value) { squares[slice] += double(value) * value; });
    for (const double square : squares)
        g.data.push_back(static_cast<float>(std::sqrt(square)));
    return g;
}

/// g · v / |v|.
inline Array fusedWeightNorm(const Array &g, Array v, int dim)
{
    const Array length = lengths(v, dim);
    eachOfSlices(v.shape, dim, v.data, [&](std::size_t slice, float &value) { value *= g.data[slice] / length.data[slice]; });
    return v;
}

/// [weight, (bias,) gamma, beta, mean, variance] as weight and bias.
inline std::vector<Array> folded(const std::vector<Array> &in, const FoldBatchNorm &fold)
{
    const std::size_t first = fold.hasBias ? 2 : 1;
    Array weight = in[0], bias = in[first + 1];
    const auto factor = [&](std::size_t i) { return in[first].data[i] / std::sqrt(in[first + 3].data[i] + static_cast<float>(fold.eps)); };
    eachOfSlices(weight.shape, 0, weight.data, [&](std::size_t slice, float &value) { value *= factor(slice); });
    for (std::size_t i = 0; i < bias.data.size(); ++i)
        bias.data[i] += ((fold.hasBias ? in[1].data[i] : 0.0F) - in[first + 2].data[i]) * factor(i);
    return {weight, bias};
}

inline std::vector<Array> applied(const Transform &transform, std::vector<Array> arrays)
{
    for (const auto &step : transform) {
        if (const auto *concat = std::get_if<Concat>(&step.op)) {
            arrays = {concatenated(arrays, concat->dim)};
            continue;
        }
        if (const auto *split = std::get_if<Split>(&step.op)) {
            auto sizes = split->sizes;
            if (sizes.empty())
                sizes.assign(static_cast<std::size_t>(split->parts), arrays[0].shape[static_cast<std::size_t>(split->dim)] / split->parts);
            std::vector<Array> parts;
            std::int64_t start = 0;
            for (const auto size : sizes) {
                parts.push_back(sliced(arrays[0], split->dim, start, start + size));
                start += size;
            }
            arrays = std::move(parts);
            continue;
        }
        if (const auto *fuse = std::get_if<FuseWeightNorm>(&step.op)) {
            arrays = {fusedWeightNorm(arrays[0], arrays[1], fuse->dim)};
            continue;
        }
        if (const auto *part = std::get_if<SplitWeightNorm>(&step.op)) {
            arrays = {lengths(arrays[0], part->dim), arrays[0]};
            continue;
        }
        if (const auto *fold = std::get_if<FoldBatchNorm>(&step.op)) {
            arrays = folded(arrays, *fold);
            continue;
        }
        for (std::size_t i = 0; i < arrays.size(); ++i) {
            Array &a = arrays[i];
            if (step.only >= 0 && step.only != static_cast<int>(i))
                continue;
            if (const auto *permute = std::get_if<Permute>(&step.op))
                a = permuted(a, permute->dims);
            else if (const auto *transpose = std::get_if<Transpose>(&step.op)) {
                std::vector<int> dims(a.shape.size());
                std::iota(dims.begin(), dims.end(), 0);
                std::swap(dims[static_cast<std::size_t>(transpose->dim0)], dims[static_cast<std::size_t>(transpose->dim1)]);
                a = permuted(a, dims);
            } else if (const auto *reshape = std::get_if<Reshape>(&step.op))
                a = reshaped(a, reshape->shape);
            else if (const auto *slice = std::get_if<Slice>(&step.op))
                a = sliced(a, slice->dim, slice->start, slice->end);
            else if (const auto *weave = std::get_if<Interleave>(&step.op))
                a = interleaved(a, *weave);
            else if (const auto *pad = std::get_if<Pad>(&step.op))
                a = padded(a, *pad);
            else if (std::holds_alternative<Negate>(step.op))
                for (float &value : a.data)
                    value = -value;
            else if (const auto *add = std::get_if<Add>(&step.op))
                for (float &value : a.data)
                    value += static_cast<float>(add->value);
            else
                throw std::logic_error(stepName(step));
        }
    }
    return arrays;
}

} // namespace rekey::testdata
