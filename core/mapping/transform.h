// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rekey {

// A transform is a list of steps. The steps run on a list of tensors: the rule's sources in order at first, the
// rule's targets in order at last. Steps marked "each" act on every tensor of the list alike; concat and stack turn
// the list into one tensor; split and unstack turn one tensor into a list. Dimensions may be negative, as in PyTorch.
// Only descriptions and shape arithmetic live here; core/runtime carries them out with LibTorch.

struct Concat { int dim = 0; bool operator==(const Concat &) const = default; };
/// Equal parts, or `sizes`.
struct Split { int dim = 0; int parts = 0; std::vector<std::int64_t> sizes; bool operator==(const Split &) const = default; };
/// each: [start, end) with step; end INT64_MAX = to the end.
struct Slice { int dim = 0; std::int64_t start = 0, end = INT64_MAX, step = 1; bool operator==(const Slice &) const = default; };
struct Pad { int dim = 0; std::int64_t before = 0, after = 0; double value = 0; bool operator==(const Pad &) const = default; };
struct Permute { std::vector<int> dims; bool operator==(const Permute &) const = default; };
struct Transpose { int dim0 = 0, dim1 = 1; bool operator==(const Transpose &) const = default; };
/// each: same order of elements; one -1 is inferred, 0 keeps that dimension.
struct Reshape { Shape shape; bool operator==(const Reshape &) const = default; };
struct Squeeze { int dim = 0; bool operator==(const Squeeze &) const = default; };
struct Unsqueeze { int dim = 0; bool operator==(const Unsqueeze &) const = default; };
struct Stack { int dim = 0; bool operator==(const Stack &) const = default; };
struct Unstack { int dim = 0; bool operator==(const Unstack &) const = default; };
/// each: dimension `dim` seen as [outer, a, b, rest] becomes [outer, b, a, rest]: fused q/k/v per head
/// (a = heads, b = 3), rotary halves to pairs (outer = heads, a = 2, b = head size / 2). Inverse: a and b swapped.
struct Interleave { int dim = 0; std::int64_t outer = 1, a = 1, b = 1; bool operator==(const Interleave &) const = default; };
/// each: the tensor `times` times after itself along `dim` (torch.Tensor.repeat).
struct Repeat { int dim = 0; std::int64_t times = 1; bool operator==(const Repeat &) const = default; };
/// each: position table to another grid. `sizes` = new grid (1 or 2 numbers) over dimension(s) from `dim`;
/// `keep` leading rows (class tokens) are copied; a flattened table [.., h*w, c] is given by `flattened`.
struct Interpolate
{
    int dim = 0;
    std::vector<std::int64_t> sizes;
    std::int64_t keep = 0;
    bool flattened = false;
    std::string mode = "bicubic"; ///< "linear", "bilinear", "bicubic"
    bool operator==(const Interpolate &) const = default;
};
struct Cast { DType dtype = DType::F32; bool operator==(const Cast &) const = default; };
struct Scale { double factor = 1; bool operator==(const Scale &) const = default; };
struct Add { double value = 0; bool operator==(const Add &) const = default; };
/// Sum of all tensors of the list.
struct Sum { bool operator==(const Sum &) const = default; };
struct Negate { bool operator==(const Negate &) const = default; };
/// [g, v] -> weight: g * v / |v|, the norm over all dimensions but `dim` (torch.nn.utils.weight_norm).
struct FuseWeightNorm { int dim = 0; bool operator==(const FuseWeightNorm &) const = default; };
/// weight -> [g, v].
struct SplitWeightNorm { int dim = 0; bool operator==(const SplitWeightNorm &) const = default; };
/// [weight, (bias,) gamma, beta, mean, var] -> [weight, bias] of the convolution with the norm folded in.
struct FoldBatchNorm { double eps = 1e-5; bool hasBias = false; bool operator==(const FoldBatchNorm &) const = default; };
/// What one step does.
using BasicStep = std::variant<Concat, Split, Slice, Pad, Permute, Transpose, Reshape, Squeeze, Unsqueeze, Stack, Unstack, Interleave,
                               Repeat, Interpolate, Cast, Scale, Add, Sum, Negate, FuseWeightNorm, SplitWeightNorm, FoldBatchNorm>;

struct Step
{
    BasicStep op;
    /// Index in the list of the one tensor that an "each" step acts on (sources that need different preparation before
    /// a join); -1: all, the usual case.
    int only = -1;
    bool operator==(const Step &) const = default;
};
using Transform = std::vector<Step>;

/// "concat", "split" … as in JSON and Python.
std::string stepName(const Step &step);
/// "concat dim 0"; a transform's steps joined with ", then ". Empty for a plain copy.
std::string transformText(const Transform &transform);
/// Parses transformText()'s form. Throws Error that says what was expected.
Transform parseTransform(std::string_view text);

struct TensorShape { Shape shape; DType dtype; bool operator==(const TensorShape &) const = default; };
/// Shape arithmetic. Throws Error ("concat dim 0: 480×160 and 480×80 differ in dimension 1").
std::vector<TensorShape> outputShapes(const Transform &transform, std::vector<TensorShape> inputs);

/// The transform that undoes this one for the given input shapes, where there is one.
std::optional<Transform> inverse(const Transform &transform, const std::vector<TensorShape> &inputs);

} // namespace rekey
