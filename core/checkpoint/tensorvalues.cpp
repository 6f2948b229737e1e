// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/limits.h"
#include "core/checkpoint/quantiser.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace rekey {

namespace {

/// A few bytes expanded by stride 0 can stand for more values than any computer could visit.
void refuseExpanded(const Checkpoint &checkpoint, std::size_t index)
{
    const TensorEntry &entry = checkpoint.tensors().at(index);
    const auto &storages = checkpoint.data().content->storages;
    if (entry.storage >= storages.size())
        return;
    const std::uint64_t stored = storages[entry.storage].bytes;
    if (entry.bytes() > limits::GiB && entry.bytes() / 16 > stored)
        throw Error(displayText(checkpoint.name()), fmt::format("tensor \"{}\"", displayText(entry.key)),
                    fmt::format("its shape {} stands for {} bytes, expanded from {} that are stored; it is listed, not computed with",
                                shapeText(entry.shape), entry.bytes(), stored));
}

} // namespace

void forEachBlock(const Checkpoint &checkpoint, std::size_t index, std::uint64_t blockElements,
                  const std::function<void(std::uint64_t, std::span<const float>)> &sink)
{
    refuseExpanded(checkpoint, index);
    const TensorEntry &entry = checkpoint.tensors().at(index);
    const std::uint64_t unit = info(entry.dtype).blockElements;
    const std::uint64_t elements = entry.elements();
    const std::uint64_t step = std::min(std::max(blockElements / unit * unit, unit), std::max(elements, unit));
    std::vector<float> values(step);
    std::vector<std::byte> bytes;
    const auto inPlace = checkpoint.view(index);
    for (std::uint64_t first = 0; first < elements; first += step) {
        const std::uint64_t count = std::min(step, elements - first);
        const auto size = byteCount(entry.dtype, count);
        if (!size)
            throw Error(displayText(checkpoint.name()), fmt::format("tensor \"{}\"", displayText(entry.key)),
                        fmt::format("{} values of {} fill no whole blocks", count, name(entry.dtype)));
        std::span<const std::byte> run;
        if (inPlace.empty()) {
            bytes.resize(*size);
            checkpoint.read(index, first, count, bytes);
            run = bytes;
        } else {
            run = inPlace.subspan(*byteCount(entry.dtype, first), *size);
        }
        decodeValues(checkpoint, index, first, run, std::span(values).first(count));
        sink(first, std::span(values).first(count));
    }
    if (!inPlace.empty())
        checkpoint.view(index); // tells when pages were lost while they were read
}

std::string sha256(const Checkpoint &checkpoint, std::size_t index)
{
    refuseExpanded(checkpoint, index);
    const TensorEntry &entry = checkpoint.tensors().at(index);
    const DTypeInfo &type = info(entry.dtype);
    constexpr std::uint64_t blockBytes = limits::MiB;
    const std::uint64_t elements = entry.elements();
    const std::uint64_t step = std::max<std::uint64_t>(blockBytes / std::max(type.blockBytes, 1U), 1) * type.blockElements;
    Sha256 sha;
    std::vector<std::byte> bytes(byteCount(entry.dtype, std::min(step, elements)).value_or(0));
    for (std::uint64_t first = 0; first < elements; first += step) {
        const std::uint64_t count = std::min(step, elements - first);
        const auto run = std::span(bytes).first(byteCount(entry.dtype, count).value_or(0));
        checkpoint.read(index, first, count, run);
        sha.add(run);
    }
    return sha.hex();
}

} // namespace rekey
