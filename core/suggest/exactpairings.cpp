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

/// The literal beginning of a pattern.
std::string literalPrefix(const std::string &pattern)
{
    return pattern.substr(0, pattern.find_first_of("{}"));
}

struct Matched
{
    std::uint32_t tensor;
    Binding binding;
};

std::vector<Matched> allMatches(const Pattern &pattern, const Schema &schema, const std::vector<std::uint32_t> &sorted)
{
    std::vector<Matched> found;
    const std::string prefix = literalPrefix(pattern.text());
    auto at = std::lower_bound(sorted.begin(), sorted.end(), prefix,
                               [&](std::uint32_t tensor, const std::string &text) { return schema.tensors[tensor].key < text; });
    for (; at != sorted.end() && schema.tensors[*at].key.starts_with(prefix); ++at)
        if (auto binding = pattern.match(schema.tensors[*at].key))
            found.push_back({*at, std::move(*binding)});
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

std::optional<std::vector<std::uint32_t>> expandAll(const std::vector<Pattern> &patterns, const Binding &binding, const SchemaIndex &index)
{
    std::vector<std::uint32_t> tensors;
    for (const auto &pattern : patterns) {
        const auto key = pattern.expand(binding);
        const std::size_t tensor = key ? index.find(*key) : SchemaIndex::npos;
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
        auto from = expandAll(*sources, match.binding, m_sourceIndex);
        auto to = expandAll(*targets, match.binding, m_targetIndex);
        if (!from || !to || !wanted.contains({*from, *to}))
            return false;
        got.emplace(std::move(*from), std::move(*to));
    }
    if (got != wanted)
        return false;
    // No key beside them may look as if the rule were meant for it.
    std::vector<std::size_t> sourceCount(sources->size()), targetCount(targets->size());
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
