// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/tensorreading.h"

#include "core/base/error.h"

#include <algorithm>

namespace rekey::ui {

namespace {

bool countable(const Checkpoint &checkpoint, std::uint32_t tensor)
{
    const TensorEntry &entry = checkpoint.tensors()[tensor];
    return checkpoint.hasValues() && isDecodable(entry.dtype) && entry.elements() > 0;
}

void keepRowsAround(TensorReading &reading)
{
    auto &members = reading.family.members;
    if (members.size() <= TensorReading::mostRows)
        return;
    const auto own = std::find_if(members.begin(), members.end(), [&](const auto &member) { return member.tensor == reading.tensor; });
    const auto place = static_cast<std::size_t>(own - members.begin());
    const std::size_t half = TensorReading::mostRows / 2;
    const std::size_t first = std::min(place > half ? place - half : 0, members.size() - TensorReading::mostRows);
    members = {members.begin() + static_cast<std::ptrdiff_t>(first),
               members.begin() + static_cast<std::ptrdiff_t>(first + TensorReading::mostRows)};
}

TensorReading::Cell readCell(const Checkpoint &checkpoint, std::uint32_t tensor, std::uint64_t firstRow, std::uint64_t rows,
                             const ValueRange &range)
{
    TensorReading::Cell cell;
    cell.counts = histogramOfRows(checkpoint, tensor, firstRow, rows, range.lower, range.upper, TensorReading::cellBins).counts;
    cell.standardDeviation = statisticsOfRows(checkpoint, tensor, firstRow, rows).standardDeviation();
    return cell;
}

void readRows(TensorReading &reading, const Checkpoint &checkpoint, const Progress &progress)
{
    std::optional<ValueRange> range;
    const auto &members = reading.family.members;
    for (std::size_t i = 0; i < members.size(); ++i) {
        progress.step(i, 2 * members.size(), "comparing blocks");
        if (!countable(checkpoint, members[i].tensor))
            continue;
        const ValueRange own = displayRange(checkpoint, members[i].tensor);
        range = range ? united(*range, own) : own;
    }
    if (!range)
        return;
    reading.range = *range;
    for (std::size_t i = 0; i < members.size(); ++i) {
        progress.step(members.size() + i, 2 * members.size(), "comparing blocks");
        TensorReading::Row row{members[i].block, members[i].tensor, {}};
        const Shape &shape = checkpoint.tensors()[row.tensor].shape;
        const std::uint64_t parts = std::max<std::uint64_t>(1, reading.family.parts.size());
        const std::uint64_t height = shape.empty() ? 1 : static_cast<std::uint64_t>(shape[0]);
        if (countable(checkpoint, row.tensor) && height % parts == 0)
            for (std::uint64_t part = 0; part < parts; ++part)
                row.cells.push_back(readCell(checkpoint, row.tensor, part * (height / parts), height / parts, *range));
        for (const TensorReading::Cell &cell : row.cells)
            reading.largestCount = std::max(reading.largestCount, *std::max_element(cell.counts.begin(), cell.counts.end()));
        reading.rows.push_back(std::move(row));
    }
}

} // namespace

TensorReading readTensor(const Checkpoint &checkpoint, std::uint32_t tensor, const Progress &progress)
{
    TensorReading reading;
    reading.tensor = tensor;
    reading.family = blockFamily(checkpoint.schema(), tensor);
    keepRowsAround(reading);
    try {
        if (countable(checkpoint, tensor)) {
            reading.statistics = statistics(checkpoint, tensor, progress.part(0, 0.1));
            if (reading.statistics->finite > 0) {
                const ValueRange own = displayRange(checkpoint, tensor);
                reading.histogram = histogram(checkpoint, tensor, own.lower, own.upper, TensorReading::ownBins);
            }
        }
        readRows(reading, checkpoint, progress.part(0.1, 1));
    } catch (const Error &error) {
        reading.error = error.what();
    }
    return reading;
}

} // namespace rekey::ui
