// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"
#include "core/suggest/suggest.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace rekey {

/// Which tensors of both sides are left out of the matching.
struct Skipped
{
    std::vector<bool> source, target;
};

/// Pairs of tensors that a matcher would have to weigh: those with equally many elements that are not skipped.
std::uint64_t possiblePairs(const Schema &source, const Schema &target, const Skipped &skipped);

/// Where hundreds of blocks (layers, experts) are alike, matching a few of them tells about all: the skip lists with
/// all but the first blocks of long runs added, so that possiblePairs() becomes affordable. Runs are shortened where
/// both sides have one of about the same length. Nothing when it is affordable as it is, or nothing is alike.
std::optional<Skipped> shorten(const Schema &source, const Schema &target, const Skipped &skipped);

/// What pairings of the kept blocks mean for all of them: the pairings' rules, applied to what was left out. Pairings
/// whose shapes do not fit are left out. Returns the new ones only.
std::vector<Pairing> continued(const std::vector<Pairing> &pairings, const Schema &source, const Schema &target, const Skipped &kept,
                               const Skipped &all, const Progress &progress);

} // namespace rekey
