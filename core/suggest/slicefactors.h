// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"

#include <optional>
#include <span>
#include <vector>

namespace rekey {

/// All values of a tensor, in memory.
std::vector<float> valuesOf(const Checkpoint &checkpoint, std::size_t tensor, const Progress &progress);

/// How far a value that was calculated twice, in other orders of operations and from values rounded to `dtype`, may lie
/// from itself: by its magnitude, and near zero.
struct Tolerance
{
    explicit Tolerance(DType dtype);
    bool allows(double a, double b, double magnitude) const;

    double relative, absolute;
};

/// Tensors seen as slices along one dimension. Which of the slices `i` a value belongs to.
struct Slicing
{
    Slicing(const Shape &shape, std::size_t dim);
    std::size_t sliceOf(std::size_t element) const { return element / inner % count; }

    std::size_t count = 1, inner = 1;
};

/// Length of each slice (the Euclidean norm).
std::vector<double> lengths(std::span<const float> values, const Slicing &slicing);

/// Each slice of `b` is that of `a` times one factor: the factors. Not a number where both are zeros. Nothing when
/// some value differs from that.
std::optional<std::vector<double>> factors(std::span<const float> a, std::span<const float> b, const Slicing &slicing,
                                           const Tolerance &tolerance);

} // namespace rekey
