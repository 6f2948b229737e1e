// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace rekey {

/// Digests of a tensor's rows (or columns) in order.
using Digests = std::span<const std::uint64_t>;

bool sameSequence(Digests a, Digests b);

/// One Interleave along `dim` that brings the rows into the other order; an empty transform when they are in it.
/// Nothing when no Interleave does.
std::optional<Transform> interleaving(Digests from, Digests to, int dim);

/// Rows [start, end) of a tensor.
struct Block
{
    std::int64_t start, end;
};

/// What the steps of a transform that only move rows (concat, split, slice, interleave along dimension 0) make of them.
std::optional<std::vector<std::vector<std::uint64_t>>> moved(const Transform &transform, std::vector<std::vector<std::uint64_t>> rows);

/// Digests of all stretches of a sequence.
struct Prefixes
{
    explicit Prefixes(Digests digests);
    std::uint64_t stretch(std::size_t start, std::size_t length) const { return sums[start + length] - sums[start] * powers[length]; }
    std::size_t size() const { return sums.size() - 1; }

    std::vector<std::uint64_t> sums, powers;
};

/// Finds which of many sequences a longer one is made of.
class SequenceIndex
{
public:
    void add(std::uint32_t id, Digests digests);
    /// Two or more whole sequences that follow each other, and nothing else; empty when there are none. Of equal
    /// sequences the first one that is not yet among the parts.
    std::vector<std::uint32_t> parts(Digests digests) const;

    struct Place { std::uint32_t id; std::size_t start, length; };
    /// One or more whole sequences in order, and nothing else but `gap` before, between and after them; empty when
    /// something else is there.
    std::vector<Place> cover(Digests digests, std::uint64_t gap) const;

private:
    /// The longest sequence that begins at `at` and ends in time. Null where none does.
    const std::vector<std::uint32_t> *longestAt(const Prefixes &prefixes, std::size_t at, std::size_t &length) const;

    std::map<std::size_t, std::unordered_map<std::uint64_t, std::vector<std::uint32_t>>, std::greater<>> m_byLength;
};

} // namespace rekey
