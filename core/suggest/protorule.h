// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/suggest.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rekey {

/// A rule on its way from pairings: pattern texts and the pairings that it must give, neither more nor fewer.
struct ProtoRule
{
    std::vector<std::string> sources;
    std::vector<std::string> targets;
    std::vector<std::uint32_t> pairings; ///< indices, ascending
};

/// The two schemas, the pairings, and whether a rule gives exactly some of them.
class ExactPairings
{
public:
    ExactPairings(std::span<const Pairing> pairings, const Schema &source, const Schema &target);

    const Pairing &at(std::uint32_t index) const { return m_pairings[index]; }
    std::size_t size() const { return m_pairings.size(); }
    const std::string &sourceKey(std::uint32_t tensor) const { return m_source.tensors[tensor].key; }
    const std::string &targetKey(std::uint32_t tensor) const { return m_target.tensors[tensor].key; }

    /// The rule's patterns match exactly the keys of its pairings, together as they are paired, and no other key.
    bool holds(const ProtoRule &rule) const;

private:
    std::span<const Pairing> m_pairings;
    const Schema &m_source;
    const Schema &m_target;
    SchemaIndex m_sourceIndex, m_targetIndex;
    std::vector<std::uint32_t> m_sortedSource, m_sortedTarget; ///< tensor indices by key
};

/// Rules that agree but for their numbers become one with variables: {i}, {i+1}, {3-i}, {2*i+j}, or listed
/// alternatives where no arithmetic holds.
std::vector<ProtoRule> liftNumbers(const ExactPairings &exact);

/// Rules that agree but for one place become one: {rest} for a whole subtree that keeps its names, {leaf}, and
/// alternatives ({x:q|k|v}).
std::vector<ProtoRule> mergeNames(std::vector<ProtoRule> rules, const ExactPairings &exact);

/// "a.{i}.b" -> "a.", "{i}.", "b"; separators inside braces do not count.
std::vector<std::string> patternSegments(const std::string &text);

} // namespace rekey
