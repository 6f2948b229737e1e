// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolutionproblems.h"

#include "core/base/error.h"
#include "core/mapping/numberless.h"
#include "core/mapping/rulematching.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

namespace rekey {

namespace {

/// "12 keys", "1 key".
std::string counted(std::size_t number, std::string_view noun)
{
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

/// Rules are numbered from 1 for people.
std::uint32_t shown(std::uint32_t rule)
{
    return rule + 1;
}

class ProblemFinder
{
public:
    ProblemFinder(const ProblemInput &input, Resolution &resolution)
        : m_input(input)
        , m_resolution(resolution)
        , m_firstTarget(input.mapping.rules.size())
    {
    }

    std::vector<Problem> find()
    {
        collectTargets();
        for (std::uint32_t rule = 0; rule < m_input.mapping.rules.size(); ++rule)
            ruleProblems(rule);
        openKeys();
        numberTypes();
        repeatedApplication();
        std::ranges::stable_sort(m_problems, std::greater<>(), &Problem::severity);
        return std::move(m_problems);
    }

private:
    /// Targets of one rule that are wrong in the same way.
    struct Group
    {
        std::uint32_t first = none;
        std::size_t count = 0;
        void add(std::uint32_t target)
        {
            first = count == 0 ? target : first;
            ++count;
        }
    };
    struct RuleTargets
    {
        Group mismatched;
        std::map<std::uint32_t, Group> colliding; ///< by the other rule
    };

    const std::string &target(std::uint32_t index) const { return m_input.target.tensors[index].key; }

    void add(Problem problem)
    {
        if (problem.rule != none && problem.severity != Severity::Info && m_resolution.rules[problem.rule].problem.empty())
            m_resolution.rules[problem.rule].problem = problem.text;
        m_problems.push_back(std::move(problem));
    }

    void collectTargets()
    {
        for (std::uint32_t i = 0; i < m_resolution.targets.size(); ++i) {
            const TargetOutcome &outcome = m_resolution.targets[i];
            if (outcome.status == TargetStatus::Mismatched)
                m_firstTarget[outcome.rule].mismatched.add(i);
            else if (outcome.status == TargetStatus::Conflicting)
                m_firstTarget[outcome.rule].colliding[outcome.otherRule].add(i);
        }
    }

    void ruleProblems(std::uint32_t index)
    {
        const Rule &rule = m_input.mapping.rules[index];
        const RuleEffect &effect = m_resolution.rules[index];
        const RuleNotes &notes = m_input.notes[index];
        if (!notes.invalid.empty()) {
            add({Severity::Error, "invalid-rule", fmt::format("Rule {}: {}.", shown(index), notes.invalid), index, none, none});
            return;
        }
        if (const Group &wrong = m_firstTarget[index].mismatched; wrong.count > 0)
            add({Severity::Error, "mismatched",
                 fmt::format("Rule {} does not fit {}, first '{}': {}", shown(index), counted(wrong.count, "key"),
                             displayText(target(wrong.first)), m_resolution.targets[wrong.first].why),
                 index, none, wrong.first});
        for (const auto &[other, group] : m_firstTarget[index].colliding)
            collision(index, other, group);
        if (!notes.doubledPrefix.empty())
            add({Severity::Warning, "doubled-prefix",
                 fmt::format("Rule {} writes '{}', which repeats '{}'; the target has it once.", shown(index),
                             displayText(notes.doubledPrefix), displayText(doubledPart(notes.doubledPrefix, m_input.targetKeys))),
                 index, none, none});
        matching(index, rule, effect, notes);
        if (!notes.gap.empty())
            add({Severity::Warning, "gap", fmt::format("Rule {} gathers numbered keys, but {}.", shown(index), notes.gap), index, none,
                 none});
        if (effect.shadowed > 0)
            shadowed(index, rule, effect);
        if (rule.state == RuleState::ToReview && effect.targetKeys + effect.sourceKeys > 0)
            add({Severity::Warning, "to-review",
                 fmt::format("Rule {} is an open question about {}.", shown(index),
                             effect.targetKeys > 0 ? counted(effect.targetKeys, "target key") : counted(effect.sourceKeys, "source key")),
                 index, none, none});
    }

    void collision(std::uint32_t index, std::uint32_t other, const Group &group)
    {
        const std::string who = other == index
                                    ? fmt::format("Rule {} fills {} twice", shown(index), counted(group.count, "key"))
                                    : fmt::format("Rules {} and {} both fill {}", shown(index), shown(other), counted(group.count, "key"));
        const std::string text
            = fmt::format("{}, first '{}': {}", who, displayText(target(group.first)), m_resolution.targets[group.first].why);
        add({Severity::Error, "collision", text, index, none, group.first});
        if (m_resolution.rules[other].problem.empty())
            m_resolution.rules[other].problem = text;
    }

    void matching(std::uint32_t index, const Rule &rule, const RuleEffect &effect, const RuleNotes &notes)
    {
        const bool map = rule.kind == RuleKind::Map;
        if (!notes.matchesKey) {
            const auto &patterns = rule.kind == RuleKind::Init ? rule.targets : rule.sources;
            add({map ? Severity::Warning : Severity::Info, "no-match",
                 fmt::format("Rule {} matches nothing: no {} key fits '{}'.", shown(index),
                             rule.kind == RuleKind::Init ? "target" : "source", patterns.empty() ? std::string() : patterns.front().text()),
                 index, none, none});
        } else if (effect.missingPartners > 0) {
            const bool nothing = effect.targetKeys == 0 && effect.shadowed == 0;
            add({notes.partial || nothing ? Severity::Warning : Severity::Info, "missing-partner",
                 fmt::format("Rule {} has no partner for {}: {}.", shown(index),
                             effect.missingPartners == 1 ? "1 match" : fmt::format("{} matches", effect.missingPartners),
                             notes.missingPartner),
                 index, none, none});
        }
    }

    /// Catch-all drops and inits at the end are meant to lose; only one that never wins is worth a word.
    void shadowed(std::uint32_t index, const Rule &rule, const RuleEffect &effect)
    {
        const bool whole = effect.targetKeys + effect.sourceKeys == 0;
        const Rule &by = m_input.mapping.rules[effect.shadowedBy];
        if (rule.kind != RuleKind::Map && !whole)
            return;
        const bool harmful = rule.kind == RuleKind::Map && by.kind != RuleKind::Map && rule.state != RuleState::ToReview;
        add({harmful ? Severity::Warning : Severity::Info, "shadowed",
             fmt::format("Rule {} is {}shadowed by rule {}: {} settled there already.", shown(index), whole ? "" : "partly ",
                         shown(effect.shadowedBy), effect.shadowed == 1 ? "1 key is" : fmt::format("{} keys are", effect.shadowed)),
             index, none, none});
    }

    template <class Outcomes, class Status>
    void openKeys(const Outcomes &outcomes, Status status, const Schema &schema, Severity severity, const char *kind, const char *text,
                  bool isTarget)
    {
        std::map<std::string, Group> groups;
        for (std::uint32_t i = 0; i < outcomes.size(); ++i) {
            if (outcomes[i].status == status)
                groups[numberless(schema.tensors[i].key)].add(i);
        }
        std::vector<Group> ordered;
        for (const auto &[name, group] : groups)
            ordered.push_back(group);
        std::ranges::sort(ordered, {}, &Group::first);
        for (const Group &group : ordered) {
            const std::string more = group.count > 1 ? fmt::format(" and {} like it", group.count - 1) : std::string();
            add({severity, kind, fmt::format("'{}'{} {}.", displayText(schema.tensors[group.first].key), more,
                                             fmt::format(fmt::runtime(text), group.count > 1 ? "are" : "is")),
                 none, isTarget ? none : group.first, isTarget ? group.first : none});
        }
    }

    void openKeys()
    {
        openKeys(m_resolution.targets, TargetStatus::Missing, m_input.target, Severity::Error, "missing", "{} not filled by any rule",
                 true);
        openKeys(m_resolution.sources, SourceStatus::Unused, m_input.source, Severity::Warning, "unused", "{} not used by any rule", false);
    }

    void numberTypes()
    {
        std::map<std::pair<std::uint32_t, bool>, Group> groups; // by rule and whether integers become floats
        for (std::uint32_t i = 0; i < m_resolution.targets.size(); ++i) {
            const TargetOutcome &outcome = m_resolution.targets[i];
            if (outcome.status != TargetStatus::Filled)
                continue;
            const DTypeKind to = info(m_input.target.tensors[i].dtype).kind;
            for (const DTypeKind from : {DTypeKind::Integer, DTypeKind::Float}) {
                if ((to == DTypeKind::Integer || to == DTypeKind::Float) && to != from
                    && takesFrom(m_resolution.assignments[outcome.assignment], from))
                    groups[{outcome.rule, from == DTypeKind::Integer}].add(i);
            }
        }
        for (const auto &[key, group] : groups)
            add({Severity::Warning, key.second ? "integer-to-float" : "float-to-integer",
                 fmt::format("Rule {} turns {} into {} tensors, first '{}'.", shown(key.first),
                             counted(group.count, key.second ? "integer tensor" : "floating-point tensor"),
                             key.second ? "floating-point" : "integer", displayText(target(group.first))),
                 key.first, none, group.first});
    }

    bool takesFrom(const Assignment &assignment, DTypeKind kind) const
    {
        return std::ranges::any_of(assignment.sources,
                                   [&](std::uint32_t source) { return info(m_input.source.tensors[source].dtype).kind == kind; });
    }

    /// Would the mapping, applied to its own result, move keys again?
    void repeatedApplication()
    {
        std::size_t moved = 0;
        std::string example;
        std::uint32_t first = none;
        for (std::uint32_t index = 0; index < m_input.mapping.rules.size(); ++index) {
            const Rule &rule = m_input.mapping.rules[index];
            if (rule.kind != RuleKind::Map || rule.state == RuleState::ToReview || m_resolution.rules[index].filled == 0)
                continue;
            const RuleVariables variables(rule);
            const TargetFinder finder(rule, variables, &m_input.targetKeys);
            for (const RuleMatch &match : matchSources(rule, variables, m_input.targetKeys).matches) {
                const auto targets = finder.targets(match, match.sources.size());
                const bool same = rule.transform.empty() && targets.size() == 1 && targets.front().index == match.sources.front();
                if (same || targets.empty() || targets.front().index == SchemaIndex::npos)
                    continue;
                if (moved++ == 0) {
                    first = index;
                    example = fmt::format("'{}' to '{}'", displayText(target(match.sources.front())), displayText(targets.front().key));
                }
            }
        }
        if (moved > 0)
            add({Severity::Info, "not-idempotent",
                 fmt::format("Applied to its own result the mapping would change it again ({}, first {}): convert once only.",
                             counted(moved, "key"), example),
                 first, none, none});
    }

    const ProblemInput &m_input;
    Resolution &m_resolution;
    std::vector<RuleTargets> m_firstTarget; ///< by rule
    std::vector<Problem> m_problems;
};

} // namespace

std::vector<Problem> findProblems(const ProblemInput &input, Resolution &resolution)
{
    return ProblemFinder(input, resolution).find();
}

std::string doubledPart(std::string_view key, const KeyTable &keys)
{
    std::vector<std::size_t> ends; // of segments, each with its separator
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (key[i] == '.' || key[i] == '/')
            ends.push_back(i + 1);
    }
    const auto begin = [&ends](std::size_t segment) { return segment == 0 ? 0 : ends[segment - 1]; };
    for (std::size_t length = 1; 2 * length <= ends.size(); ++length) {
        for (std::size_t first = 0; first + 2 * length <= ends.size(); ++first) {
            const std::string_view part = key.substr(begin(first), begin(first + length) - begin(first));
            const std::string_view next = key.substr(begin(first + length), begin(first + 2 * length) - begin(first + length));
            if (part != next || part.find_first_not_of("0123456789./") == std::string_view::npos) // numbers repeat in any model
                continue;
            const std::string once = std::string(key.substr(0, begin(first + length))) + std::string(key.substr(begin(first + 2 * length)));
            if (keys.find(once) != SchemaIndex::npos)
                return std::string(part.substr(0, part.size() - 1));
        }
    }
    return {};
}

std::string mismatchText(const Shape &arriving, const Shape &expected)
{
    std::string hint;
    Shape sortedArriving = arriving, sortedExpected = expected;
    std::ranges::sort(sortedArriving);
    std::ranges::sort(sortedExpected);
    if (arriving.size() == 2 && expected.size() == 2 && arriving[0] == expected[1] && arriving[1] == expected[0])
        hint = "; 'transpose 0 1' would fit";
    else if (sortedArriving == sortedExpected)
        hint = "; a permute would fit";
    else if (elementCount(arriving) == elementCount(expected))
        hint = fmt::format("; 'reshape {}' would fit", shapeText(expected));
    return fmt::format("{} arrives, {} is expected{}.", shapeText(arriving), shapeText(expected), hint);
}

std::string collisionText(const Schema &source, std::uint32_t rule, const Assignment &assignment, std::uint32_t otherRule,
                          const Assignment &other)
{
    const auto key = [&source](const Assignment &a) { return displayText(source.tensors[a.sources.front()].key); };
    return fmt::format("Rule {} fills it from '{}', rule {} from '{}'.", shown(rule), key(assignment), shown(otherRule), key(other));
}

} // namespace rekey
