// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <optional>
#include <span>
#include <vector>

namespace rekey {

/// How the values of one shape go into another that holds the same: implementations keep channels first or last, a grid of tokens as rows
/// and columns or as one row, and more or fewer dimensions of one.
enum class Arrangement : std::uint8_t {
    Same, ///< in the same order
    ChannelsFirst, ///< the last dimension of the one is the first of the other (after a batch)
    ChannelsLast, ///< the first dimension (after a batch) of the one is the last of the other
};
/// Nothing when the shapes do not go together.
std::optional<Arrangement> arrangement(const Shape &from, const Shape &to);

/// `values` of shape `from` in the order of `to`. `buffer` holds them where the order changes; else `values` itself comes back.
std::span<const float> arranged(std::span<const float> values, const Shape &from, const Shape &to, Arrangement how,
                                std::vector<float> &buffer);

} // namespace rekey
