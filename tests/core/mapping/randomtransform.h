// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/mapping/transformfields.h"

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

namespace rekey::test {

/// Transforms that fit some tensors, and the tensors' shapes.
struct TransformCase
{
    Transform transform;
    std::vector<TensorShape> inputs;
};

/// Walks all steps: proposes one with plausible numbers and keeps it when the shape arithmetic takes it.
class RandomTransforms
{
public:
    explicit RandomTransforms(unsigned seed)
        : m_random(seed)
    {
    }

    int number(int least, int most) { return std::uniform_int_distribution(least, most)(m_random); }

    /// One to `most` steps, all of them carried out on one to four tensors.
    TransformCase next(int most)
    {
        TransformCase result;
        const DType dtype = std::vector {DType::F32, DType::F32, DType::F16,  DType::BF16,  DType::F64,
                                         DType::I64, DType::U8,  DType::Bool, DType::F8E4M3}[index(9)];
        const Shape shape = this->shape();
        for (int i = number(1, 4); i > 0; --i)
            result.inputs.push_back({number(0, 3) == 0 ? this->shape() : shape, number(0, 9) == 0 ? DType::F32 : dtype});
        if (number(0, 3) == 0) // what the steps with fixed lists want
            result.inputs = normLists(dtype)[index(3)];
        std::vector<TensorShape> tensors = result.inputs;
        for (int left = number(1, most), attempts = 200; left > 0 && attempts > 0; --attempts) {
            const Step step = proposal(tensors);
            try {
                tensors = outputShapes({step}, tensors);
            } catch (const Error &) {
                continue;
            }
            if (elements(tensors) > 4096)
                return next(most);
            result.transform.push_back(step);
            --left;
        }
        return result;
    }

private:
    std::size_t index(std::size_t count) { return static_cast<std::size_t>(number(0, static_cast<int>(count) - 1)); }

    Shape shape()
    {
        static const std::vector<std::int64_t> sizes = {1, 1, 2, 3, 4, 6, 8, 9};
        Shape result;
        for (int i = number(0, 4); i > 0; --i)
            result.push_back(number(0, 40) == 0 ? 0 : sizes[index(sizes.size())]);
        return result;
    }

    std::vector<std::vector<TensorShape>> normLists(DType dtype)
    {
        const std::int64_t c = number(1, 4), d = number(1, 3);
        const TensorShape weight{{c, d, 2}, dtype}, channel{{c}, dtype};
        return {{number(0, 1) == 0 ? channel : TensorShape{{c, 1, 1}, dtype}, weight}, {weight, channel, channel, channel, channel},
                {weight, channel, channel, channel, channel, channel}};
    }

    static std::uint64_t elements(const std::vector<TensorShape> &tensors)
    {
        std::uint64_t count = tensors.size();
        for (const TensorShape &tensor : tensors)
            count += elementCount(tensor.shape);
        return count;
    }

    int dim(const Shape &shape) { return number(-static_cast<int>(shape.size()) - 1, static_cast<int>(shape.size())); }

    Step proposal(const std::vector<TensorShape> &tensors)
    {
        const Shape shape = tensors.empty() ? Shape() : tensors.front().shape;
        const int d = dim(shape);
        Step step;
        switch (number(0, static_cast<int>(std::variant_size_v<BasicStep>) - 1)) {
        case 0: step.op = Concat{d}; break;
        case 1: step.op = number(0, 1) == 0 ? Split{d, number(1, 4), {}} : Split{d, 0, {number(0, 3), number(1, 3), number(0, 3)}}; break;
        case 2: step.op = Slice{d, number(-2, 3), number(0, 1) == 0 ? INT64_MAX : number(0, 6), number(1, 3)}; break;
        case 3: step.op = Pad{d, number(0, 2), number(0, 2), 0.5}; break;
        case 4: step.op = permutation(shape.size()); break;
        case 5: step.op = Transpose{d, dim(shape)}; break;
        case 6: step.op = reshape(shape); break;
        case 7: step.op = Squeeze{d}; break;
        case 8: step.op = Unsqueeze{d}; break;
        case 9: step.op = Stack{d}; break;
        case 10: step.op = Unstack{d}; break;
        case 11: step.op = Interleave{d, number(1, 2), number(1, 4), number(1, 4)}; break;
        case 12: step.op = Repeat{d, number(1, 3)}; break;
        case 13: step.op = interpolation(d); break;
        case 14: step.op = Cast{std::vector{DType::F32, DType::F64, DType::F16, DType::I64}[index(4)]}; break;
        case 15: step.op = Scale{number(-4, 4) / 2.0}; break;
        case 16: step.op = Add{number(-4, 4) / 4.0}; break;
        case 17: step.op = Sum{}; break;
        case 18: step.op = Negate{}; break;
        case 19: step.op = FuseWeightNorm{d}; break;
        case 20: step.op = SplitWeightNorm{d}; break;
        default: step.op = FoldBatchNorm{1e-3, number(0, 1) == 0}; break;
        }
        if (!changesList(step.op) && number(0, 3) == 0)
            step.only = number(0, static_cast<int>(tensors.size()));
        return step;
    }

    Permute permutation(std::size_t rank)
    {
        Permute permute;
        for (std::size_t i = 0; i < rank; ++i)
            permute.dims.push_back(static_cast<int>(i));
        std::ranges::shuffle(permute.dims, m_random);
        return permute;
    }

    Reshape reshape(Shape shape)
    {
        std::ranges::shuffle(shape, m_random);
        if (!shape.empty() && number(0, 1) == 0)
            shape[index(shape.size())] = number(0, 3) == 0 ? 0 : -1;
        if (shape.size() > 1 && number(0, 1) == 0 && shape[0] > 0 && shape[1] > 0) {
            shape[0] *= shape[1];
            shape.erase(shape.begin() + 1);
        }
        return {shape};
    }

    Interpolate interpolation(int dim)
    {
        switch (number(0, 2)) {
        case 0: return {dim, {number(1, 7)}, number(0, 2), false, "linear"};
        case 1: return {dim, {number(1, 5), number(1, 5)}, number(0, 1), true, number(0, 1) == 0 ? "bilinear" : "bicubic"};
        default: return {dim, {number(1, 5), number(1, 5)}, 0, false, number(0, 1) == 0 ? "bilinear" : "bicubic"};
        }
    }

    std::mt19937 m_random;
};

} // namespace rekey::test
