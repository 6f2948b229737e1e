// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <functional>
#include <span>

namespace rekey {

/// Values decoded at a time: 256 KiB of floats, which stay in the second-level cache.
inline constexpr std::uint64_t valuesPerBlock = 65536;

/// Calls `sink(first, values)` for elements [first, first + count) of a tensor in row-major order, at most
/// valuesPerBlock at a time. For quantised block types both ends must lie on block boundaries (whole tensors and whole
/// rows do). Throws Error when the values cannot be read, Cancelled when asked to stop.
void forEachBlockOf(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::uint64_t count, const Progress &progress,
                    const std::function<void(std::uint64_t first, std::span<const float> values)> &sink);
void forEachBlockOf(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::uint64_t count, const Progress &progress,
                    const std::function<void(std::uint64_t first, std::span<const double> values)> &sink);

/// Element range of rows [firstRow, firstRow + rows) of dimension 0, cut to the tensor.
struct ElementRange { std::uint64_t first, count; };
ElementRange rowRange(const Shape &shape, std::uint64_t firstRow, std::uint64_t rows);

} // namespace rekey
