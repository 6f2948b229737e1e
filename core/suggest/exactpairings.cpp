// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/protorule.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace rekey {

namespace {

std::vector<std::uint32_t> sortedByKey(const Schema &schema)
{
    std::vector<std::uint32_t> order(schema.tensors.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return schema.tensors[a].key < schema.tensors[b].key; });
    return order;
}

struct Matched
{
    std::uint32_t tensor;
    std::vector<PatternValue> values; ///< by slot of the pattern
};

std::vector<Matched> allMatches(const Pattern &pattern, const Schema &schema, const std::vector<std::uint32_t> &sorted)
{
    std::vector<Matched> found;
    const std::string &prefix = pattern.literalPrefix();
    auto at = std::lower_bound(sorted.begin(), sorted.end(), prefix,
                               [&](std::uint32_t tensor, const std::string &text) { return schema.tensors[tensor].key < text; });
    for (; at != sorted.end() && schema.tensors[*at].key.starts_with(prefix); ++at) {
        std::vector<PatternValue> values(pattern.slots().size());
        if (pattern.match(schema.tensors[*at].key, values))
            found.push_back({*at, std::move(values)});
    }
    return found;
}

std::optional<std::vector<Pattern>> parseAll(const std::vector<std::string> &texts)
{
    std::vector<Pattern> patterns;
    try {
        for (const auto &text : texts)
            patterns.push_back(Pattern::parse(text));
    } catch (const PatternError &) {
        return std::nullopt;
    }
    return patterns;
}

/// The values of one pattern's variables, by slot of another.
std::optional<std::vector<PatternValue>> translated(const Pattern &from, const std::vector<PatternValue> &values, const Pattern &to)
{
    std::vector<PatternValue> result;
    for (const auto &variable : to.slots()) {
        const auto same = std::find_if(from.slots().begin(), from.slots().end(), [&](const auto &v) { return v.name == variable.name; });
        if (same == from.slots().end())
            return std::nullopt;
        result.push_back(values[static_cast<std::size_t>(same - from.slots().begin())]);
    }
    return result;
}

std::optional<std::vector<std::uint32_t>> expandAll(const std::vector<Pattern> &patterns, const Pattern &matched,
                                                    const std::vector<PatternValue> &values, const SchemaIndex &index)
{
    std::vector<std::uint32_t> tensors;
    for (const auto &pattern : patterns) {
        const auto own = translated(matched, values, pattern);
        std::string key;
        if (!own || !pattern.expand(*own, key))
            return std::nullopt;
        const std::size_t tensor = index.find(key);
        if (tensor == SchemaIndex::npos)
            return std::nullopt;
        tensors.push_back(static_cast<std::uint32_t>(tensor));
    }
    return tensors;
}

} // namespace

ExactPairings::ExactPairings(std::span<const Pairing> pairings, const Schema &source, const Schema &target)
    : m_pairings(pairings), m_source(source), m_target(target), m_sourceIndex(source), m_targetIndex(target),
      m_sortedSource(sortedByKey(source)), m_sortedTarget(sortedByKey(target))
{
}

bool ExactPairings::holds(const ProtoRule &rule) const
{
    const auto sources = parseAll(rule.sources), targets = parseAll(rule.targets);
    if (!sources || !targets)
        return false;
    using Keys = std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>>;
    std::set<Keys> wanted;
    for (const std::uint32_t p : rule.pairings)
        wanted.emplace(m_pairings[p].sources, m_pairings[p].targets);
    std::set<Keys> got;
    for (const auto &match : allMatches(sources->front(), m_source, m_sortedSource)) {
        auto from = expandAll(*sources, sources->front(), match.values, m_sourceIndex);
        auto to = expandAll(*targets, sources->front(), match.values, m_targetIndex);
        if (!from || !to || !wanted.contains({*from, *to}))
            return false;
        got.emplace(std::move(*from), std::move(*to));
    }
    if (got != wanted)
        return false;
    // No key beside them may look as if the rule were meant for it.
    for (std::size_t i = 1; i < sources->size(); ++i)
        if (allMatches((*sources)[i], m_source, m_sortedSource).size() != wanted.size())
            return false;
    return std::all_of(targets->begin(), targets->end(),
                       [&](const Pattern &pattern) { return allMatches(pattern, m_target, m_sortedTarget).size() == wanted.size(); });
}

std::vector<std::string> patternSegments(const std::string &text)
{
    std::vector<std::string> segments(1);
    int depth = 0;
    for (const char c : text) {
        segments.back() += c;
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (depth == 0 && (c == '.' || c == '/'))
            segments.emplace_back();
    }
    return segments;
}

} // namespace rekey
