// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/segmenttrie.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace rekey {

namespace {

// Deeper than any network; the rest of a longer key is one segment, so that walks may recurse.
constexpr std::size_t deepest = 64;

// Up to this many siblings are looked through; more are found by hash.
constexpr std::size_t fewSiblings = 12;

std::uint64_t mix(std::uint64_t x)
{
    // Finaliser of splitmix64.
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

std::uint64_t hashOf(std::string_view text)
{
    return std::hash<std::string_view>()(text);
}

} // namespace

SegmentTrie::SegmentTrie(const Schema &schema)
{
    m_nodes.reserve(schema.tensors.size() * 2 + 1);
    m_nodes.emplace_back();
    m_slots.assign(1024, 0);

    // Neighbours in a file share most of their prefix: look up only what follows it.
    std::vector<std::pair<std::size_t, std::uint32_t>> open; // end of the prefix in `previous`, its node
    std::string_view previous;
    for (std::uint32_t index = 0; index < schema.tensors.size(); ++index) {
        const std::string_view key = schema.tensors[index].key;
        const auto common = static_cast<std::size_t>(std::ranges::mismatch(key, previous).in1 - key.begin());
        while (!open.empty()
               && (open.back().first > common || open.back().first >= key.size() || key[open.back().first] != '.'
                   || open.back().first >= previous.size() || previous[open.back().first] != '.'))
            open.pop_back();
        std::uint32_t node = open.empty() ? 0 : open.back().second;
        std::size_t at = open.empty() ? 0 : open.back().first + 1;
        for (;;) {
            const std::size_t end = open.size() + 1 < deepest ? std::min(key.find('.', at), key.size()) : key.size();
            node = findOrAdd(node, key.substr(at, end - at));
            open.emplace_back(end, node);
            if (end == key.size())
                break;
            at = end + 1;
        }
        m_nodes[node].tensors.push_back(index);
        previous = key;
    }
    orderNumbers();
    hashStructures(schema);
}

std::size_t SegmentTrie::slotOf(std::uint32_t parent, std::string_view segment) const
{
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = mix(hashOf(segment) + parent * 0x9e3779b97f4a7c15ULL) & mask;
    while (m_slots[slot] != 0 && (m_nodes[m_slots[slot]].parent != parent || m_nodes[m_slots[slot]].segment != segment))
        slot = (slot + 1) & mask;
    return slot;
}

std::uint32_t SegmentTrie::child(std::uint32_t parent, std::string_view segment) const
{
    const std::vector<std::uint32_t> &siblings = m_nodes[parent].children;
    if (siblings.size() > fewSiblings) {
        const std::uint32_t found = m_slots[slotOf(parent, segment)];
        return found == 0 ? npos : found;
    }
    const auto found = std::ranges::find_if(siblings, [&](std::uint32_t sibling) { return m_nodes[sibling].segment == segment; });
    return found == siblings.end() ? npos : *found;
}

std::uint32_t SegmentTrie::findOrAdd(std::uint32_t parent, std::string_view segment)
{
    if (const std::uint32_t found = child(parent, segment); found != npos)
        return found;
    const auto node = static_cast<std::uint32_t>(m_nodes.size());
    m_nodes.push_back({segment, parent, isNumberSegment(segment), {}, {}, 0});
    std::vector<std::uint32_t> &siblings = m_nodes[parent].children;
    siblings.push_back(node);
    if (siblings.size() == fewSiblings + 1) {
        for (const std::uint32_t sibling : siblings)
            remember(sibling);
    } else if (siblings.size() > fewSiblings) {
        remember(node);
    }
    return node;
}

void SegmentTrie::remember(std::uint32_t node)
{
    if ((m_remembered + 1) * 2 > m_slots.size()) {
        const std::vector<std::uint32_t> old = std::exchange(m_slots, std::vector<std::uint32_t>(m_slots.size() * 2));
        for (const std::uint32_t each : old) {
            if (each != 0)
                m_slots[slotOf(m_nodes[each].parent, m_nodes[each].segment)] = each;
        }
    }
    m_slots[slotOf(m_nodes[node].parent, m_nodes[node].segment)] = node;
    ++m_remembered;
}

void SegmentTrie::orderNumbers()
{
    std::vector<std::uint32_t> numbers;
    for (Node &node : m_nodes) {
        numbers.clear();
        std::ranges::copy_if(node.children, std::back_inserter(numbers), [&](std::uint32_t c) { return m_nodes[c].number; });
        const auto value = [&](std::uint32_t c) { return segmentNumber(m_nodes[c].segment); };
        if (std::ranges::is_sorted(numbers, {}, value))
            continue;
        std::ranges::sort(numbers, {}, value);
        auto next = numbers.begin();
        for (std::uint32_t &child : node.children) {
            if (m_nodes[child].number)
                child = *next++;
        }
    }
}

void SegmentTrie::hashStructures(const Schema &schema)
{
    for (std::size_t i = m_nodes.size(); i-- > 1;) {
        Node &node = m_nodes[i];
        for (const std::uint32_t tensor : node.tensors)
            node.structure += mix(schema.tensors[tensor].shape.size() + 1);
        // A sum, so that the order of siblings does not matter; the name is mixed in on the way up.
        m_nodes[node.parent].structure += mix(hashOf(node.segment) ^ mix(node.structure + 0x51ed27));
    }
}

} // namespace rekey
