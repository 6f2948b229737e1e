// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace rekey {

namespace {

/// Assignments of one rule that the same transform undoes.
struct Way
{
    Transform back;
    std::vector<std::uint32_t> assignments;
};

class Inverter
{
public:
    Inverter(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target)
        : m_mapping(mapping)
        , m_resolution(resolution)
        , m_source(source)
        , m_target(target)
        , m_byRule(mapping.rules.size())
        , m_restored(source.tensors.size(), none)
    {
        for (std::uint32_t i = 0; i < resolution.assignments.size(); ++i)
            m_byRule[resolution.assignments[i].rule].push_back(i);
    }

    Inversion invert()
    {
        Mapping &back = m_result.mapping;
        back.name = m_mapping.name.empty() ? std::string() : m_mapping.name + " (back)";
        back.sources = {describeSide(m_target)};
        back.target = describeSide(m_source);
        for (std::uint32_t index = 0; index < m_mapping.rules.size(); ++index) {
            switch (m_mapping.rules[index].kind) {
            case RuleKind::Map: invertMap(index); break;
            case RuleKind::Drop: invertDrop(index); break;
            case RuleKind::Init: invertInit(index); break;
            }
        }
        return std::move(m_result);
    }

private:
    void cannot(std::uint32_t index, const std::string &why)
    {
        const Rule &rule = m_mapping.rules[index];
        const std::string &pattern = rule.kind == RuleKind::Init ? rule.targets.front().text() : rule.sources.front().text();
        m_result.notInvertible.push_back(fmt::format("Rule {} ('{}'): {}.", index + 1, pattern, why));
    }

    static Rule turned(const Rule &rule, Transform back)
    {
        Rule result = rule;
        std::swap(result.sources, result.targets);
        result.transform = std::move(back);
        result.candidates.clear();
        for (const Candidate &candidate : rule.candidates) {
            if (!candidate.transform.empty())
                continue; // what undoes it depends on shapes that only the chosen one has
            result.candidates.push_back(candidate);
            std::swap(result.candidates.back().sources, result.candidates.back().targets);
        }
        return result;
    }

    std::vector<TensorShape> inputs(const Assignment &assignment) const
    {
        std::vector<TensorShape> shapes;
        for (const std::uint32_t key : assignment.sources)
            shapes.push_back({m_source.tensors[key].shape, m_source.tensors[key].dtype});
        return shapes;
    }

    /// Rules without assignments still invert where their steps say all by themselves.
    void invertUnused(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        if (rule.transform.empty() && rule.sources.size() == rule.targets.size())
            m_result.mapping.rules.push_back(turned(rule, {}));
        else
            cannot(index, "it matches nothing in this pair, so that the shapes that it would have to restore are unknown");
    }

    void invertMap(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        if (m_byRule[index].empty())
            return invertUnused(index);
        std::vector<Way> ways;
        for (const std::uint32_t i : m_byRule[index]) {
            const std::optional<Transform> back = inverse(rule.transform, inputs(m_resolution.assignments[i]));
            if (!back)
                return cannot(index, fmt::format("'{}' cannot be undone", lossyStep(rule, m_resolution.assignments[i])));
            const auto way = std::ranges::find(ways, *back, &Way::back);
            if (way == ways.end())
                ways.push_back({*back, {i}});
            else
                way->assignments.push_back(i);
        }
        if (dropsDoubles(index))
            return;
        if (ways.size() == 1 && rule.transform.empty() && rule.targets.size() > rule.sources.size())
            return invertTied(index);
        if (ways.size() == 1) {
            m_result.mapping.rules.push_back(turned(rule, ways.front().back));
            return;
        }
        for (const Way &way : ways) // the shapes differ between blocks: each application by its own keys
            for (const std::uint32_t i : way.assignments)
                addLiteral(rule, way.back, m_resolution.assignments[i]);
    }

    /// The first step that makes the whole impossible to undo.
    std::string lossyStep(const Rule &rule, const Assignment &assignment) const
    {
        Transform begin;
        for (const Step &step : rule.transform) {
            begin.push_back(step);
            if (!inverse(begin, inputs(assignment)))
                return transformText({step});
        }
        return transformText(rule.transform);
    }

    /// A second copy of values that an earlier rule brings back already is not needed on the way back. True when the rule has no others.
    bool dropsDoubles(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        std::uint32_t earlier = none;
        std::vector<Pattern> doubles;
        bool all = true;
        for (const std::uint32_t i : m_byRule[index]) {
            const Assignment &assignment = m_resolution.assignments[i];
            const auto isBack = [&](std::uint32_t key) { return m_restored[key] != none && m_restored[key] != index; };
            if (std::ranges::all_of(assignment.sources, isBack)) {
                earlier = m_restored[assignment.sources.front()];
                for (const std::uint32_t key : assignment.targets)
                    doubles.push_back(Pattern::literal(m_target.tensors[key].key));
                continue;
            }
            all = false;
            for (const std::uint32_t key : assignment.sources)
                m_restored[key] = isBack(key) ? m_restored[key] : index;
        }
        if (!doubles.empty())
            addDrop(all ? rule.targets : std::move(doubles), fmt::format("Same values as those that rule {} takes back", earlier + 1));
        return all;
    }

    void addDrop(std::vector<Pattern> patterns, std::string reason)
    {
        Rule drop;
        drop.kind = RuleKind::Drop;
        drop.sources = std::move(patterns);
        drop.reason = std::move(reason);
        m_result.mapping.rules.push_back(std::move(drop));
    }

    /// One tensor given to several targets: the first existing one brings it back.
    void invertTied(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        const std::string &first = m_target.tensors[m_resolution.assignments[m_byRule[index].front()].targets.front()].key;
        std::vector<Pattern> others = rule.targets;
        auto kept = std::ranges::find_if(others, [&](const Pattern &pattern) { return pattern.match(first).has_value(); });
        if (kept == others.end())
            kept = others.begin();
        Rule back = turned(rule, {});
        back.sources = {*kept};
        others.erase(kept);
        m_result.mapping.rules.push_back(std::move(back));
        addDrop(std::move(others), fmt::format("Same values as '{}'", first));
    }

    void addLiteral(const Rule &rule, const Transform &back, const Assignment &assignment)
    {
        Rule literal = turned(rule, back);
        literal.sources.clear();
        literal.targets.clear();
        literal.candidates.clear();
        for (const std::uint32_t key : assignment.targets)
            literal.sources.push_back(Pattern::literal(m_target.tensors[key].key));
        for (const std::uint32_t key : assignment.sources)
            literal.targets.push_back(Pattern::literal(m_source.tensors[key].key));
        m_result.mapping.rules.push_back(std::move(literal));
    }

    void invertDrop(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        Rule back;
        back.kind = RuleKind::Init;
        back.targets = rule.sources;
        back.note = rule.reason;
        m_result.mapping.rules.push_back(std::move(back));
        cannot(index, "it drops its keys; on the way back they keep the values of the target");
    }

    void invertInit(std::uint32_t index)
    {
        addDrop(m_mapping.rules[index].targets, "Initialised on the way there; no key holds it on the way back");
    }

    const Mapping &m_mapping;
    const Resolution &m_resolution;
    const Schema &m_source;
    const Schema &m_target;
    std::vector<std::vector<std::uint32_t>> m_byRule;
    std::vector<std::uint32_t> m_restored; ///< by source key: the rule that brings it back
    Inversion m_result;
};

} // namespace

Inversion invert(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target)
{
    return Inverter(mapping, resolution, source, target).invert();
}

} // namespace rekey
