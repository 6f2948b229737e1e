// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/inspect/statistics.h"
#include "ui/inspect/blockfamily.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rekey::ui {

/// A tensor with its like in every block, as the Inspect room shows them. Made off the GUI thread.
struct TensorReading
{
    struct Cell
    {
        std::vector<std::uint64_t> counts;
        double standardDeviation = 0;
    };
    struct Row
    {
        std::int64_t block = 0;
        std::uint32_t tensor = 0;
        std::vector<Cell> cells;      ///< one, or one a fused part; empty: could not be counted
    };

    static constexpr std::size_t cellBins = 48;
    static constexpr std::size_t ownBins = 24;
    /// Most blocks shown; of longer stacks, those around the tensor.
    static constexpr std::size_t mostRows = 64;

    std::uint32_t tensor = 0;
    BlockFamily family;
    std::vector<Row> rows;
    ValueRange range = {0, 1};        ///< of all cells
    std::uint64_t largestCount = 1;   ///< of all cells
    std::optional<Statistics> statistics; ///< of the tensor alone
    std::optional<Histogram> histogram;
    std::string error;                ///< why the tensor has no statistics
};

TensorReading readTensor(const Checkpoint &checkpoint, std::uint32_t tensor, const Progress &progress = {});

} // namespace rekey::ui
