// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"
#include "core/mapping/pattern.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace rekey {

/// The keys of a schema, arranged for finding those that a pattern matches: literal patterns by hash, others within
/// the sorted range of their literal prefix. Keeps views into the schema. Not thread-safe: sorts when first needed.
class KeyTable
{
public:
    explicit KeyTable(const Schema &schema)
        : m_schema(schema)
        , m_index(schema)
    {
    }

    const Schema &schema() const { return m_schema; }
    std::size_t find(std::string_view key) const { return m_index.find(key); }

    /// found(index, values by slot) for every key that matches, in the order of the keys' text.
    template <class Found>
    void forEachMatch(const Pattern &pattern, Found &&found)
    {
        std::vector<PatternValue> values(pattern.slots().size());
        if (pattern.isLiteral()) {
            const std::size_t index = m_index.find(pattern.literalPrefix());
            if (index != SchemaIndex::npos)
                found(static_cast<std::uint32_t>(index), std::span<const PatternValue>(values));
            return;
        }
        for (const auto &[key, index] : withPrefix(pattern.literalPrefix())) {
            if (pattern.match(key, values))
                found(index, std::span<const PatternValue>(values));
        }
    }

private:
    using Row = std::pair<std::string_view, std::uint32_t>;

    std::span<const Row> withPrefix(std::string_view prefix)
    {
        if (m_sorted.empty()) {
            m_sorted.reserve(m_schema.tensors.size());
            for (std::size_t i = 0; i < m_schema.tensors.size(); ++i)
                m_sorted.emplace_back(m_schema.tensors[i].key, static_cast<std::uint32_t>(i));
            std::ranges::sort(m_sorted);
        }
        const auto begin = std::ranges::lower_bound(m_sorted, prefix, {}, &Row::first);
        const auto end = std::partition_point(begin, m_sorted.end(), [prefix](const Row &row) { return row.first.starts_with(prefix); });
        return {begin, end};
    }

    const Schema &m_schema;
    SchemaIndex m_index;
    std::vector<Row> m_sorted;
};

} // namespace rekey
