// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/statistics.h"

#include "core/inspect/valueblocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace rekey {

namespace {

constexpr std::size_t runLength = 2048;

// displayRange(): the share cut at each side, and how much narrower the rest must be for the cut to be worth it.
constexpr double outerShare = 0.001;
constexpr double farOut = 1.5;

/// Which bin each value falls in; `bins` for those outside, NaN included. Two passes, as only this one vectorises.
void binsOf(std::span<const float> values, double lower, double upper, double scale, std::int32_t bins, std::span<std::int32_t> out)
{
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = static_cast<double>(values[i]);
        const bool inside = value >= lower && value <= upper;
        const double position = inside ? (value - lower) * scale : 0.0;
        const std::int32_t bin = std::min(static_cast<std::int32_t>(position), bins - 1);
        out[i] = inside ? bin : bins;
    }
}

Histogram histogramOfElements(const Checkpoint &checkpoint, std::size_t tensor, ElementRange range, double lower, double upper,
                              std::size_t bins, const Progress &progress)
{
    Histogram result;
    result.lower = lower;
    result.upper = upper;
    bins = std::clamp<std::size_t>(bins, 1, 1 << 20);
    std::vector<std::uint64_t> counts(bins + 1);
    const double scale = upper > lower ? static_cast<double>(bins) / (upper - lower) : 0.0;
    std::array<std::int32_t, runLength> indices;
    std::uint64_t notFinite = 0;
    forEachBlockOf(checkpoint, tensor, range.first, range.count, progress, [&](std::uint64_t, std::span<const float> values) {
        while (!values.empty()) {
            const std::span<const float> run = values.first(std::min(values.size(), runLength));
            values = values.subspan(run.size());
            binsOf(run, lower, upper, scale, static_cast<std::int32_t>(bins), indices);
            for (std::size_t i = 0; i < run.size(); ++i)
                ++counts[static_cast<std::size_t>(indices[i])];
            std::uint32_t special = 0;
            for (const float value : run)
                special += !(value - value == 0.0f);
            notFinite += special;
        }
    });
    result.outside = counts[bins] - notFinite;
    counts.pop_back();
    result.counts = std::move(counts);
    return result;
}

/// Counts of floats by sign, exponent and seven bits of the fraction, in ascending order of value: wherever the bulk
/// lies, it is resolved to 1 %, however far out the rest is.
class OrderedCounts
{
public:
    void add(std::span<const float> values)
    {
        for (const float value : values) {
            if (std::isfinite(value))
                ++m_counts[ordered(std::bit_cast<std::uint32_t>(value)) >> 16];
        }
    }

    /// The values between the outer shares, rounded outwards.
    ValueRange inner(std::uint64_t total) const
    {
        const auto cut = static_cast<std::uint64_t>(outerShare * static_cast<double>(total));
        std::uint32_t first = 0, last = static_cast<std::uint32_t>(m_counts.size()) - 1;
        for (std::uint64_t seen = m_counts[first]; seen <= cut && first < last; seen += m_counts[first])
            ++first;
        for (std::uint64_t seen = m_counts[last]; seen <= cut && last > first; seen += m_counts[last])
            --last;
        return {value(first << 16), value(last << 16 | 0xffffu)};
    }

private:
    static std::uint32_t ordered(std::uint32_t bits) { return bits & 0x80000000u ? ~bits : bits | 0x80000000u; }
    static double value(std::uint32_t ordered)
    {
        return static_cast<double>(std::bit_cast<float>(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered));
    }

    std::vector<std::uint64_t> m_counts = std::vector<std::uint64_t>(1 << 16);
};

} // namespace

Histogram histogram(const Checkpoint &checkpoint, std::size_t tensor, double lower, double upper, std::size_t bins,
                    const Progress &progress)
{
    return histogramOfElements(checkpoint, tensor, {0, checkpoint.tensors()[tensor].elements()}, lower, upper, bins, progress);
}

Histogram histogramOfRows(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t firstRow, std::uint64_t rows, double lower,
                          double upper, std::size_t bins)
{
    return histogramOfElements(checkpoint, tensor, rowRange(checkpoint.tensors()[tensor].shape, firstRow, rows), lower, upper, bins, {});
}

ValueRange displayRange(const Checkpoint &checkpoint, std::size_t tensor)
{
    const Statistics all = statistics(checkpoint, tensor);
    if (all.finite == 0)
        return {-1, 1};
    const ValueRange range {all.minimum, all.maximum};
    if (range.lower == range.upper) {
        const double half = range.lower == 0 ? 0.5 : std::abs(range.lower) / 2;
        return {range.lower - half, range.upper + half};
    }
    OrderedCounts counts;
    forEachBlockOf(checkpoint, tensor, 0, checkpoint.tensors()[tensor].elements(), {},
                   [&](std::uint64_t, std::span<const float> values) { counts.add(values); });
    const ValueRange inner = counts.inner(all.finite);
    const double margin = 0.05 * (inner.upper - inner.lower);
    const ValueRange bulk {std::max(range.lower, inner.lower - margin), std::min(range.upper, inner.upper + margin)};
    return bulk.upper > bulk.lower && (bulk.upper - bulk.lower) * farOut < range.upper - range.lower ? bulk : range;
}

ValueRange united(ValueRange a, ValueRange b)
{
    return {std::min(a.lower, b.lower), std::max(a.upper, b.upper)};
}

} // namespace rekey
