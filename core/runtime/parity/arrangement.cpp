// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/arrangement.h"

#include <algorithm>

namespace rekey {

namespace {

Shape withoutOnes(const Shape &shape)
{
    Shape rest = shape;
    std::erase(rest, 1);
    return rest;
}

/// Whether the dimensions of `coarse` are those of `fine`, some of them multiplied together.
bool isFlattened(const Shape &fine, const Shape &coarse)
{
    std::size_t i = 0;
    for (const std::int64_t size : coarse) {
        std::int64_t product = 1;
        while (i < fine.size() && product < size)
            product *= fine[i++];
        if (product != size)
            return false;
    }
    return i == fine.size();
}

bool sameOrder(const Shape &a, const Shape &b)
{
    return a.size() >= b.size() ? isFlattened(a, b) : isFlattened(b, a);
}

/// [batch, channels, positions …] as [batch, positions …, channels].
Shape channelsLast(const Shape &shape, std::size_t batch)
{
    Shape rest = shape;
    if (rest.size() > batch)
        std::rotate(rest.begin() + static_cast<std::ptrdiff_t>(batch), rest.begin() + static_cast<std::ptrdiff_t>(batch) + 1, rest.end());
    return rest;
}

/// How many leading dimensions are a batch for which the one, brought to channels last, holds the other; -1: none.
int batchOfTransposition(const Shape &channelsFirst, const Shape &other)
{
    for (const std::size_t batch : {std::size_t {0}, std::size_t {1}}) {
        if (channelsFirst.size() > batch + 1 && sameOrder(channelsLast(channelsFirst, batch), other))
            return static_cast<int>(batch);
    }
    return -1;
}

} // namespace

std::optional<Arrangement> arrangement(const Shape &from, const Shape &to)
{
    const Shape a = withoutOnes(from), b = withoutOnes(to);
    if (elementCount(a) != elementCount(b) || elementCount(from) == 0)
        return from == to ? std::optional(Arrangement::Same) : std::nullopt;
    if (a == b || (a.size() != b.size() && sameOrder(a, b)))
        return Arrangement::Same;
    if (batchOfTransposition(b, a) >= 0)
        return Arrangement::ChannelsFirst;
    if (batchOfTransposition(a, b) >= 0)
        return Arrangement::ChannelsLast;
    return std::nullopt;
}

std::span<const float> arranged(std::span<const float> values, const Shape &from, const Shape &to, Arrangement how,
                                std::vector<float> &buffer)
{
    if (how == Arrangement::Same)
        return values;
    // One side has its channels first: its shape says how many batches, channels and positions there are.
    const Shape a = withoutOnes(from), b = withoutOnes(to);
    const bool first = how == Arrangement::ChannelsFirst;
    const Shape &planes = first ? b : a;
    const auto batchAt = static_cast<std::size_t>(batchOfTransposition(planes, first ? a : b));
    const std::size_t batches = batchAt == 1 ? static_cast<std::size_t>(planes[0]) : 1,
                      channels = static_cast<std::size_t>(planes[batchAt]);
    const std::size_t positions = values.size() / batches / channels;
    buffer.resize(values.size());
    for (std::size_t batch = 0; batch < batches; ++batch) {
        const std::size_t start = batch * channels * positions;
        for (std::size_t channel = 0; channel < channels; ++channel) {
            for (std::size_t position = 0; position < positions; ++position) {
                const std::size_t plane = start + channel * positions + position, pixel = start + position * channels + channel;
                buffer[first ? plane : pixel] = values[first ? pixel : plane];
            }
        }
    }
    return buffer;
}

} // namespace rekey
