// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace rekey {

/// One pass over values; chunks and threads combine with merge(). NaN and infinities are counted and left out.
struct Statistics
{
    std::uint64_t count = 0;      ///< all values
    std::uint64_t finite = 0;
    std::uint64_t zeros = 0;
    std::uint64_t nans = 0;
    std::uint64_t infinities = 0;
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -std::numeric_limits<double>::infinity();
    double mean = 0;
    double m2 = 0;                ///< sum of squared distances from the mean

    void add(std::span<const float> values);
    void merge(const Statistics &other);
    double standardDeviation() const; ///< of the population; NaN when finite is 0
};

struct Histogram
{
    double lower = 0;
    double upper = 1;
    std::vector<std::uint64_t> counts;
    std::uint64_t outside = 0;    ///< finite values below lower or above upper

    double binWidth() const { return (upper - lower) / static_cast<double>(counts.size()); }
};

Statistics statistics(const Checkpoint &checkpoint, std::size_t tensor, const Progress &progress = {});
/// Bins [lower, upper] into `bins` equal parts; the last includes `upper`.
Histogram histogram(const Checkpoint &checkpoint, std::size_t tensor, double lower, double upper, std::size_t bins,
                    const Progress &progress = {});
/// Rows [first, first+count) of dimension 0 only: thirds of a fused q/k/v.
Statistics statisticsOfRows(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t firstRow, std::uint64_t rows);
Histogram histogramOfRows(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t firstRow, std::uint64_t rows,
                          double lower, double upper, std::size_t bins);

/// A range for showing one or two tensors with the same bins: the bulk (all but the outermost 0.1 % at each side when
/// these are far out), never empty.
struct ValueRange { double lower, upper; };
ValueRange displayRange(const Checkpoint &checkpoint, std::size_t tensor);
ValueRange united(ValueRange a, ValueRange b);

} // namespace rekey
