// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/statistics.h"

#include "core/inspect/valueblocks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace rekey {

namespace {

// Independent sums let the compiler keep vectors of them without reordering additions; two SSE registers of doubles each.
constexpr std::size_t lanes = 8;
// Small enough to stay in the first-level cache between the two passes.
constexpr std::size_t runLength = 2048;

bool allFinite(std::span<const float> values)
{
    std::uint32_t special = 0;
    for (const float value : values)
        special |= (std::bit_cast<std::uint32_t>(value) & 0x7f800000u) == 0x7f800000u;
    return special == 0;
}

double total(const std::array<double, lanes> &sums)
{
    double sum = 0;
    for (const double lane : sums)
        sum += lane;
    return sum;
}

/// All values finite.
Statistics finiteRun(std::span<const float> values)
{
    Statistics run;
    run.count = run.finite = values.size();
    float low = values[0], high = values[0];
    std::uint32_t zeros = 0;
    for (const float value : values) {
        low = value < low ? value : low;
        high = value > high ? value : high;
        zeros += value == 0.0f;
    }
    std::array<double, lanes> sums {}, squares {};
    const std::size_t even = values.size() / lanes * lanes;
    for (std::size_t i = 0; i < even; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane)
            sums[lane] += static_cast<double>(values[i + lane]);
    }
    for (std::size_t i = even; i < values.size(); ++i)
        sums[0] += static_cast<double>(values[i]);
    run.mean = total(sums) / static_cast<double>(values.size());
    for (std::size_t i = 0; i < even; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const double distance = static_cast<double>(values[i + lane]) - run.mean;
            squares[lane] += distance * distance;
        }
    }
    for (std::size_t i = even; i < values.size(); ++i) {
        const double distance = static_cast<double>(values[i]) - run.mean;
        squares[0] += distance * distance;
    }
    run.m2 = total(squares);
    run.minimum = static_cast<double>(low);
    run.maximum = static_cast<double>(high);
    run.zeros = zeros;
    return run;
}

Statistics statisticsOfElements(const Checkpoint &checkpoint, std::size_t tensor, ElementRange range, const Progress &progress)
{
    Statistics result;
    forEachBlockOf(checkpoint, tensor, range.first, range.count, progress,
                   [&](std::uint64_t, std::span<const float> values) { result.add(values); });
    return result;
}

} // namespace

void Statistics::add(std::span<const float> values)
{
    std::array<float, runLength> kept;
    while (!values.empty()) {
        std::span<const float> run = values.first(std::min(values.size(), runLength));
        values = values.subspan(run.size());
        if (!allFinite(run)) {
            std::size_t finiteValues = 0;
            for (const float value : run) {
                if (std::isfinite(value))
                    kept[finiteValues++] = value;
                else
                    ++(std::isnan(value) ? nans : infinities);
            }
            count += run.size() - finiteValues;
            run = std::span<const float>(kept).first(finiteValues);
        }
        if (!run.empty())
            merge(finiteRun(run));
    }
}

void Statistics::merge(const Statistics &other)
{
    count += other.count;
    zeros += other.zeros;
    nans += other.nans;
    infinities += other.infinities;
    minimum = std::min(minimum, other.minimum);
    maximum = std::max(maximum, other.maximum);
    if (other.finite == 0)
        return;
    // Chan, Golub and LeVeque 1979: means and squared distances of two parts combined without cancellation.
    const auto here = static_cast<double>(finite), there = static_cast<double>(other.finite);
    const double distance = other.mean - mean;
    finite += other.finite;
    mean += distance * there / (here + there);
    m2 += other.m2 + distance * distance * here * there / (here + there);
}

double Statistics::standardDeviation() const
{
    return finite == 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(m2 / static_cast<double>(finite));
}

Statistics statistics(const Checkpoint &checkpoint, std::size_t tensor, const Progress &progress)
{
    return statisticsOfElements(checkpoint, tensor, {0, checkpoint.tensors()[tensor].elements()}, progress);
}

Statistics statisticsOfRows(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t firstRow, std::uint64_t rows)
{
    return statisticsOfElements(checkpoint, tensor, rowRange(checkpoint.tensors()[tensor].shape, firstRow, rows), {});
}

} // namespace rekey
