// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace rekey {

/// "0", "12": a segment that counts. Not "007".
bool isNumberSegment(std::string_view segment);
/// Of a number segment.
std::int64_t segmentNumber(std::string_view segment);

/// The keys of a schema by segment, one node a prefix, before anything is folded or merged. Names are views into the
/// schema, which must outlive it.
class SegmentTrie
{
public:
    static constexpr std::uint32_t npos = 0xFFFFFFFF;

    struct Node
    {
        std::string_view segment;
        std::uint32_t parent = npos;
        bool number = false;
        std::vector<std::uint32_t> children; ///< file order, numbers among themselves ascending
        std::vector<std::uint32_t> tensors;  ///< schema indices of this very key; more than one only for repeated keys
        std::uint64_t structure = 0;         ///< equal for subtrees of the same names and ranks, in any order
    };

    explicit SegmentTrie(const Schema &schema);

    const Node &at(std::uint32_t node) const { return m_nodes[node]; }
    std::uint32_t child(std::uint32_t parent, std::string_view segment) const;

private:
    std::uint32_t findOrAdd(std::uint32_t parent, std::string_view segment);
    std::size_t slotOf(std::uint32_t parent, std::string_view segment) const;
    void remember(std::uint32_t node);
    void orderNumbers();
    void hashStructures(const Schema &schema);

    std::vector<Node> m_nodes;          // [0] is the root; parents before children
    std::vector<std::uint32_t> m_slots; // open addressing over (parent, segment) of nodes with many siblings; 0 is free
    std::size_t m_remembered = 0;       // slots in use
};

} // namespace rekey
