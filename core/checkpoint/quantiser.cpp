// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/quantiser.h"

#include "core/checkpoint/checkpointdata.h"

namespace rekey {

namespace {

template <typename Out>
void dequantise(const Quantiser &quantiser, const Shape &shape, std::uint64_t first, std::span<Out> values)
{
    // Elements that follow each other with one index of the axis.
    std::uint64_t run = 1;
    for (std::size_t i = quantiser.axis + 1; i < shape.size(); ++i)
        run *= static_cast<std::uint64_t>(shape[i]);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t channel = quantiser.perChannel() ? (first + i) / run % quantiser.scales.size() : 0;
        values[i] = static_cast<Out>((static_cast<double>(values[i]) - quantiser.zeroPoints[channel]) * quantiser.scales[channel]);
    }
}

template <typename Out>
void decodeAs(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::span<const std::byte> bytes, std::span<Out> out)
{
    const TensorEntry &entry = checkpoint.tensors().at(tensor);
    decode(entry.dtype, bytes, out);
    if (const Quantiser *quantiser = quantiserOf(checkpoint, tensor))
        dequantise(*quantiser, entry.shape, first, out);
}

} // namespace

const Quantiser *quantiserOf(const Checkpoint &checkpoint, std::size_t tensor)
{
    const TensorEntry &entry = checkpoint.tensors().at(tensor);
    if (info(entry.dtype).kind != DTypeKind::Quantized)
        return nullptr;
    const auto &quantisers = checkpoint.data().content->quantisers;
    const auto found = quantisers.find(pathText(entry.path));
    return found == quantisers.end() ? nullptr : &found->second;
}

void decodeValues(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::span<const std::byte> bytes,
                  std::span<float> out)
{
    decodeAs(checkpoint, tensor, first, bytes, out);
}

void decodeValues(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::span<const std::byte> bytes,
                  std::span<double> out)
{
    decodeAs(checkpoint, tensor, first, bytes, out);
}

} // namespace rekey
