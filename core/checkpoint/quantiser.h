// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rekey {

/// What the integers of a quantised tensor stand for: (integer - zero point) × scale, with one pair for the whole tensor
/// or one for each index of dimension `axis`.
struct Quantiser
{
    std::vector<double> scales;
    std::vector<double> zeroPoints; ///< as many as scales
    std::size_t axis = 0;

    bool perChannel() const { return scales.size() != 1; }
};

/// Of a quantised tensor whose scales are known, else null.
const Quantiser *quantiserOf(const Checkpoint &checkpoint, std::size_t tensor);

/// Elements [first, first + out.size()) of the tensor as numbers, from their bytes as read() and view() give them. Unlike
/// decode(), knows scales and zero points of quantised tensors.
void decodeValues(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::span<const std::byte> bytes,
                  std::span<float> out);
void decodeValues(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t first, std::span<const std::byte> bytes,
                  std::span<double> out);

} // namespace rekey
