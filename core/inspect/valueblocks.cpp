// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/valueblocks.h"

#include "core/base/error.h"
#include "core/checkpoint/quantiser.h"

#include <algorithm>
#include <vector>

namespace rekey {

namespace {

std::uint64_t bytesOf(DType dtype, std::uint64_t elements)
{
    const DTypeInfo &type = info(dtype);
    return elements / type.blockElements * type.blockBytes;
}

template <typename Value, typename Sink>
void eachBlock(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::uint64_t count, const Progress &progress,
               const Sink &sink)
{
    const TensorEntry &entry = checkpoint.tensors()[tensor];
    if (!isDecodable(entry.dtype))
        throw Error(checkpoint.name(), displayText(entry.key),
                    "has no numeric values (its dtype is " + std::string(name(entry.dtype)) + ")");
    const std::span<const std::byte> mapped = checkpoint.view(tensor);
    std::vector<std::byte> bytes;
    std::vector<Value> values(std::min(count, valuesPerBlock));
    for (std::uint64_t done = 0; done < count;) {
        progress.step(done, count);
        const std::uint64_t now = std::min(count - done, valuesPerBlock);
        const std::uint64_t size = bytesOf(entry.dtype, now);
        std::span<const std::byte> encoded;
        if (!mapped.empty()) {
            encoded = mapped.subspan(bytesOf(entry.dtype, first + done), size);
        } else {
            bytes.resize(size);
            checkpoint.read(tensor, first + done, now, bytes);
            encoded = bytes;
        }
        const std::span<Value> out = std::span(values).first(now);
        decodeValues(checkpoint, tensor, first + done, encoded, out);
        sink(first + done, std::span<const Value>(out));
        done += now;
    }
    progress.step(1, 1);
}

} // namespace

void forEachBlockOf(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::uint64_t count, const Progress &progress,
                    const std::function<void(std::uint64_t first, std::span<const float> values)> &sink)
{
    eachBlock<float>(checkpoint, tensor, first, count, progress, sink);
}

void forEachBlockOf(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::uint64_t count, const Progress &progress,
                    const std::function<void(std::uint64_t first, std::span<const double> values)> &sink)
{
    eachBlock<double>(checkpoint, tensor, first, count, progress, sink);
}

ElementRange rowRange(const Shape &shape, std::uint64_t firstRow, std::uint64_t rows)
{
    const std::uint64_t all = shape.empty() ? 1 : static_cast<std::uint64_t>(shape[0]);
    if (all == 0)
        return {0, 0};
    const std::uint64_t row = elementCount(shape) / all;
    const std::uint64_t begin = std::min(firstRow, all);
    return {begin * row, std::min(rows, all - begin) * row};
}

} // namespace rekey
