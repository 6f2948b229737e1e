// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/slicefactors.h"

#include "core/suggest/tensorprint.h"

#include <cmath>
#include <limits>

namespace rekey {

std::vector<float> valuesOf(const Checkpoint &checkpoint, std::size_t tensor, const Progress &progress)
{
    std::vector<float> values;
    values.reserve(checkpoint.tensors()[tensor].elements());
    forEachBlock(checkpoint, tensor, 1 << 16, [&](std::uint64_t, std::span<const float> run) {
        progress.check();
        values.insert(values.end(), run.begin(), run.end());
    });
    return values;
}

Tolerance::Tolerance(DType dtype)
{
    constexpr double roundings = 8; // operands, intermediate results and the result
    const int bits = std::min(precision(dtype), precision(DType::F32)); // values are read as floats
    relative = std::ldexp(roundings, -bits);
    // Subnormal numbers share the least step.
    absolute = std::ldexp(roundings, dtype == DType::F16 ? -25 : -126);
}

bool Tolerance::allows(double a, double b, double magnitude) const
{
    return std::fabs(a - b) <= relative * magnitude + absolute;
}

Slicing::Slicing(const Shape &shape, std::size_t dim) : count(static_cast<std::size_t>(shape[dim]))
{
    for (std::size_t d = dim + 1; d < shape.size(); ++d)
        inner *= static_cast<std::size_t>(shape[d]);
}

std::vector<double> lengths(std::span<const float> values, const Slicing &slicing)
{
    std::vector<double> result(slicing.count, 0.0);
    for (std::size_t i = 0; i < values.size(); ++i)
        result[slicing.sliceOf(i)] += static_cast<double>(values[i]) * values[i];
    for (double &length : result)
        length = std::sqrt(length);
    return result;
}

std::optional<std::vector<double>> factors(std::span<const float> a, std::span<const float> b, const Slicing &slicing,
                                           const Tolerance &tolerance)
{
    if (a.size() != b.size() || a.empty())
        return std::nullopt;
    std::vector<double> result(slicing.count, 0.0), squares(slicing.count, 0.0);
    for (std::size_t i = 0; i < a.size(); ++i) {
        result[slicing.sliceOf(i)] += static_cast<double>(a[i]) * b[i];
        squares[slicing.sliceOf(i)] += static_cast<double>(a[i]) * a[i];
    }
    for (std::size_t s = 0; s < slicing.count; ++s)
        result[s] = squares[s] > 0 ? result[s] / squares[s] : 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double expected = result[slicing.sliceOf(i)] * a[i];
        if (!tolerance.allows(expected, b[i], std::fabs(expected)))
            return std::nullopt;
    }
    for (std::size_t s = 0; s < slicing.count; ++s)
        if (squares[s] == 0)
            result[s] = std::numeric_limits<double>::quiet_NaN();
    return result;
}

} // namespace rekey
