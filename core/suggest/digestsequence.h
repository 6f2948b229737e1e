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

/// Runs of rows [start, end) of one tensor that, one after the other, give another: blocks in another order.
struct Block
{
    std::int64_t start, end;
};
/// Few blocks, at most `most`; nothing when there is no such order.
std::optional<std::vector<Block>> blocksInOrder(Digests from, Digests to, std::size_t most);

/// What the steps of a transform that only move rows (concat, split, slice, interleave along dimension 0) make of them.
std::optional<std::vector<std::vector<std::uint64_t>>> moved(const Transform &transform, std::vector<std::vector<std::uint64_t>> rows);

/// Finds which of many sequences a longer one is made of.
class SequenceIndex
{
public:
    void add(std::uint32_t id, Digests digests);
    /// Two or more whole sequences that follow each other, and nothing else; empty when there are none. Of equal
    /// sequences the first one that is not yet among the parts.
    std::vector<std::uint32_t> parts(Digests digests) const;

private:
    std::map<std::size_t, std::unordered_map<std::uint64_t, std::vector<std::uint32_t>>, std::greater<>> m_byLength;
};

} // namespace rekey
