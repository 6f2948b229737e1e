// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rekey {

/// The classic report: which keys two schemas share. `missing` and `unexpected` in PyTorch's sense, seen from loading A
/// into B's model.
struct KeyDifference
{
    std::vector<std::string> common;
    std::vector<std::string> onlyA;         ///< unexpected keys
    std::vector<std::string> onlyB;         ///< missing keys
    struct Mismatch { std::string key; Shape a, b; };
    std::vector<Mismatch> shapeMismatch;    ///< of common keys
};

struct KeyDifferenceOptions
{
    std::vector<std::string> stripPrefixes; ///< of either side; when given, keys without any of them are left out
};
KeyDifference compareKeys(const Schema &a, const Schema &b, const KeyDifferenceOptions &options = {});

/// Values of two tensors of equal shape.
struct ValueDifference
{
    bool equal = false;          ///< every value the same (NaN equals NaN)
    double maxAbsolute = 0;
    double meanAbsolute = 0;
    double cosine = 1;
    double relative = 0;          ///< ‖a − b‖ / ‖b‖ over pairs of finite values; infinite where b is zero and a is not
    double largest = 0;           ///< largest absolute finite value of b
    std::uint64_t differing = 0;
    std::uint64_t notFinite = 0;  ///< pairs with a NaN or an infinity on either side
    std::uint64_t count = 0;      ///< pairs
};
/// Throws Error when the tensors differ in size or cannot be decoded.
ValueDifference compareValues(const Checkpoint &a, std::size_t tensorA, const Checkpoint &b, std::size_t tensorB,
                              const Progress &progress = {});
/// The same of values in memory, as many on both sides.
ValueDifference compareValues(std::span<const double> a, std::span<const double> b);
ValueDifference compareValues(std::span<const float> a, std::span<const float> b);

} // namespace rekey
