// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"

#include "core/base/error.h"
#include "core/mapping/resolutionproblems.h"
#include "core/mapping/rulematching.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace rekey {

namespace {

/// What a transform makes of tensors of certain shapes.
struct Outcome
{
    std::uint32_t rule = none;
    std::vector<TensorShape> inputs;
    std::vector<TensorShape> outputs; ///< empty when the transform does not fit the shapes
    std::string fault;                ///< then why
};

/// An assignment before it is known whether any target takes it.
struct Draft
{
    Assignment assignment;
    std::shared_ptr<const Outcome> outcome;
    bool alive = false;
    std::uint32_t index = none;       ///< in Resolution::assignments
};

class Resolver
{
public:
    Resolver(const Mapping &mapping, const Schema &source, const Schema &target)
        : m_mapping(mapping)
        , m_source(source)
        , m_target(target)
        , m_sourceKeys(source)
        , m_targetKeys(target)
        , m_dropRule(source.tensors.size(), none)
        , m_claims(target.tensors.size())
    {
        m_result.targets.resize(target.tensors.size());
        m_result.sources.resize(source.tensors.size());
        m_result.rules.resize(mapping.rules.size());
        m_notes.resize(mapping.rules.size());
    }

    Resolution resolve()
    {
        for (std::uint32_t rule = 0; rule < m_mapping.rules.size(); ++rule) {
            if (m_mapping.rules[rule].kind == RuleKind::Drop)
                matchDrop(rule);
        }
        for (std::uint32_t rule = 0; rule < m_mapping.rules.size(); ++rule) {
            if (m_mapping.rules[rule].kind == RuleKind::Map)
                matchMap(rule);
            else if (m_mapping.rules[rule].kind == RuleKind::Init)
                claimInit(rule);
        }
        keepAssignments();
        settleTargets();
        settleSources();
        m_result.problems = findProblems({m_mapping, m_source, m_target, m_sourceKeys, m_targetKeys, m_notes}, m_result);
        return std::move(m_result);
    }

private:
    /// Who has a target key, while rules are still being read.
    struct Claim
    {
        std::uint32_t rule = none;
        std::uint32_t draft = none; ///< none: an init rule
        std::uint32_t output = 0;
        std::uint32_t otherRule = none;
        std::uint32_t otherDraft = none;
    };

    const Rule &rule(std::uint32_t index) const { return m_mapping.rules[index]; }
    bool isOpen(std::uint32_t index) const { return rule(index).state == RuleState::ToReview; }

    void shadow(std::uint32_t shadowed, std::uint32_t by)
    {
        RuleEffect &effect = m_result.rules[shadowed];
        ++effect.shadowed;
        if (effect.shadowedBy == none)
            effect.shadowedBy = by;
    }

    void matchDrop(std::uint32_t index)
    {
        for (const Pattern &pattern : rule(index).sources) {
            m_sourceKeys.forEachMatch(pattern, [&](std::uint32_t key, auto) {
                m_notes[index].matchesKey = true;
                if (m_dropRule[key] == none)
                    m_dropRule[key] = index;
                else if (m_dropRule[key] != index)
                    shadow(index, m_dropRule[key]);
            });
        }
    }

    void claimInit(std::uint32_t index)
    {
        for (const Pattern &pattern : rule(index).targets) {
            m_targetKeys.forEachMatch(pattern, [&](std::uint32_t key, auto) {
                m_notes[index].matchesKey = true;
                Claim &claim = m_claims[key];
                if (claim.rule == none)
                    claim.rule = index;
                else if (claim.rule != index)
                    shadow(index, claim.rule);
            });
        }
    }

    void matchMap(std::uint32_t index)
    {
        const RuleVariables variables(rule(index));
        RuleNotes &notes = m_notes[index];
        notes.invalid = variables.problem();
        if (!notes.invalid.empty())
            return;
        const RuleMatches found = matchSources(rule(index), variables, m_sourceKeys);
        if (found.tooMany) {
            notes.invalid = fmt::format("its sources combine in more than {} ways; patterns of one rule should share their variables",
                                        mostApplications);
            return;
        }
        m_result.rules[index].missingPartners = found.incomplete;
        notes.matchesKey = !found.matches.empty() || found.incomplete > 0;
        notes.missingPartner = found.example;
        notes.partial = found.incomplete > 0;
        notes.gap = found.gap;
        const TargetFinder finder(rule(index), variables, &m_targetKeys);
        for (const RuleMatch &match : found.matches)
            apply(index, match, finder);
    }

    /// Shapes that come out for these sources; the last answer is kept, since repeated blocks ask the same.
    std::shared_ptr<const Outcome> outcome(std::uint32_t index, const std::vector<std::uint32_t> &sources)
    {
        const auto isSame = [this](const TensorShape &input, std::uint32_t source) {
            const SchemaTensor &tensor = m_source.tensors[source];
            return input.shape == tensor.shape && input.dtype == tensor.dtype;
        };
        if (m_lastOutcome && m_lastOutcome->rule == index && std::ranges::equal(m_lastOutcome->inputs, sources, isSame))
            return m_lastOutcome;
        auto result = std::make_shared<Outcome>();
        result->rule = index;
        for (const std::uint32_t source : sources)
            result->inputs.push_back({m_source.tensors[source].shape, m_source.tensors[source].dtype});
        try {
            result->outputs = outputShapes(rule(index).transform, result->inputs);
        } catch (const Error &error) {
            result->fault = error.what();
        }
        m_lastOutcome = std::move(result);
        return m_lastOutcome;
    }

    void apply(std::uint32_t index, const RuleMatch &match, const TargetFinder &finder)
    {
        Draft draft;
        draft.assignment.rule = index;
        draft.assignment.sources = match.sources;
        for (const std::uint32_t source : match.sources) {
            if (m_dropRule[source] < index) {
                shadow(index, m_dropRule[source]);
                return;
            }
        }
        draft.outcome = outcome(index, match.sources);
        const std::size_t outputs = draft.outcome->outputs.size();
        const std::vector<TargetFinder::Target> targets = finder.targets(match, outputs);
        const bool tied = outputs == 1 && targets.size() > 1;
        std::size_t existing = 0;
        for (const TargetFinder::Target &target : targets) {
            existing += target.index != SchemaIndex::npos;
            if (target.index == SchemaIndex::npos && existing == 0)
                noteDoubledPrefix(index, target.key);
        }
        if (existing == 0 || (existing < targets.size() && !tied)) {
            noteMissingTarget(index, match, targets, existing);
            return;
        }
        for (const TargetFinder::Target &target : targets) {
            if (target.index == SchemaIndex::npos)
                continue;
            draft.assignment.targets.push_back(static_cast<std::uint32_t>(target.index));
            if (tied) {
                claim(draft);
                draft.assignment.targets.clear();
            }
        }
        if (!tied)
            claim(std::move(draft));
    }

    void noteMissingTarget(std::uint32_t index, const RuleMatch &match, const std::vector<TargetFinder::Target> &targets,
                           std::size_t existing)
    {
        RuleNotes &notes = m_notes[index];
        ++m_result.rules[index].missingPartners;
        notes.partial = notes.partial || existing > 0;
        if (!notes.missingPartner.empty())
            return;
        const std::string &source = m_source.tensors[match.sources.front()].key;
        const auto absent = std::ranges::find(targets, SchemaIndex::npos, &TargetFinder::Target::index);
        notes.missingPartner = absent == targets.end()
            ? fmt::format("'{}' gives no target key", displayText(source))
            : fmt::format("the target has no '{}' for '{}'", displayText(absent->key), displayText(source));
    }

    void noteDoubledPrefix(std::uint32_t index, const std::string &key)
    {
        if (m_notes[index].doubledPrefix.empty() && !doubledPart(key, m_targetKeys).empty())
            m_notes[index].doubledPrefix = key;
    }

    void claim(Draft draft)
    {
        const auto draftIndex = static_cast<std::uint32_t>(m_drafts.size());
        const std::uint32_t index = draft.assignment.rule;
        m_drafts.push_back(std::move(draft));
        const std::size_t targets = m_drafts.back().assignment.targets.size();
        for (std::uint32_t output = 0; output < targets; ++output) {
            Claim &held = m_claims[m_drafts.back().assignment.targets[output]];
            const Claim mine{index, draftIndex, output, none, none};
            if (held.rule == none) {
                held = mine;
            } else if (held.draft == none && !isOpen(held.rule)) {
                shadow(index, held.rule);
            } else if (isOpen(index)) {
                shadow(index, held.rule);
            } else if (isOpen(held.rule)) {
                shadow(held.rule, index);
                held = mine;
            } else if (givesTheSame(held, mine)) {
                shadow(index, held.rule);
            } else {
                ++m_result.rules[held.rule].collisions;
                if (held.rule != index)
                    ++m_result.rules[index].collisions;
                if (held.otherRule == none) {
                    held.otherRule = index;
                    held.otherDraft = draftIndex;
                }
                m_drafts[draftIndex].alive = true;
            }
        }
    }

    bool givesTheSame(const Claim &a, const Claim &b) const
    {
        return a.output == b.output && m_drafts[a.draft].assignment.sources == m_drafts[b.draft].assignment.sources
            && rule(a.rule).transform == rule(b.rule).transform;
    }

    void keepAssignments()
    {
        for (const Claim &claim : m_claims) {
            if (claim.draft != none)
                m_drafts[claim.draft].alive = true;
        }
        for (Draft &draft : m_drafts) {
            if (!draft.alive)
                continue;
            draft.index = static_cast<std::uint32_t>(m_result.assignments.size());
            m_result.assignments.push_back(std::move(draft.assignment));
        }
    }

    void settleTargets()
    {
        for (std::uint32_t key = 0; key < m_claims.size(); ++key) {
            const Claim &claim = m_claims[key];
            TargetOutcome &outcome = m_result.targets[key];
            if (claim.rule == none)
                continue;
            outcome.rule = claim.rule;
            RuleEffect &effect = m_result.rules[claim.rule];
            ++effect.targetKeys;
            if (claim.draft == none) {
                outcome.status = isOpen(claim.rule) ? TargetStatus::ToReview : TargetStatus::Initialised;
                continue;
            }
            const Draft &draft = m_drafts[claim.draft];
            outcome.assignment = draft.index;
            outcome.output = claim.output;
            outcome.otherRule = claim.otherRule;
            settle(key, claim, draft, outcome);
            effect.filled += outcome.status == TargetStatus::Filled;
            effect.mismatched += outcome.status == TargetStatus::Mismatched;
            if (claim.otherRule != none && claim.otherRule != claim.rule)
                ++m_result.rules[claim.otherRule].targetKeys;
        }
    }

    void settle(std::uint32_t key, const Claim &claim, const Draft &draft, TargetOutcome &outcome) const
    {
        const SchemaTensor &target = m_target.tensors[key];
        const std::vector<TensorShape> &outputs = draft.outcome->outputs;
        const std::size_t targets = m_result.assignments[draft.index].targets.size();
        const bool counted = draft.outcome->fault.empty() && outputs.size() == targets;
        const bool sameShape = counted && outputs[claim.output].shape == target.shape;
        if (counted && !sameShape)
            outcome.arriving = outputs[claim.output].shape;
        if (claim.otherRule != none) {
            outcome.status = TargetStatus::Conflicting;
            outcome.why = collisionText(m_source, claim.rule, m_result.assignments[draft.index], claim.otherRule,
                                        m_result.assignments[m_drafts[claim.otherDraft].index]);
        } else if (isOpen(claim.rule)) {
            outcome.status = TargetStatus::ToReview;
        } else if (sameShape) {
            outcome.status = TargetStatus::Filled;
        } else {
            outcome.status = TargetStatus::Mismatched;
            if (!draft.outcome->fault.empty())
                outcome.why = draft.outcome->fault;
            else if (!counted)
                outcome.why = fmt::format("The rule gives {} tensor{} for {} target{}.", outputs.size(), outputs.size() == 1 ? "" : "s",
                                          targets, targets == 1 ? "" : "s");
            else
                outcome.why = mismatchText(outcome.arriving, target.shape);
        }
    }

    void settleSources()
    {
        for (std::uint32_t index = 0; index < m_result.assignments.size(); ++index) {
            const Assignment &assignment = m_result.assignments[index];
            for (const std::uint32_t key : assignment.sources) {
                SourceOutcome &outcome = m_result.sources[key];
                outcome.assignments.push_back(index);
                const SourceStatus status = isOpen(assignment.rule) ? SourceStatus::ToReview : SourceStatus::Used;
                if (outcome.rule == none || (outcome.status == SourceStatus::ToReview && status == SourceStatus::Used)) {
                    outcome.rule = assignment.rule;
                    outcome.status = status;
                }
            }
        }
        for (std::uint32_t key = 0; key < m_dropRule.size(); ++key) {
            SourceOutcome &outcome = m_result.sources[key];
            const std::uint32_t drop = m_dropRule[key];
            if (drop != none && outcome.rule != none) {
                shadow(drop, outcome.rule);
            } else if (drop != none) {
                outcome.rule = drop;
                outcome.status = isOpen(drop) ? SourceStatus::ToReview : SourceStatus::Dropped;
                ++m_result.rules[drop].sourceKeys;
            }
            // Distinct rules that read the key; assignments of one rule follow each other.
            std::uint32_t last = none;
            for (const std::uint32_t index : outcome.assignments) {
                const std::uint32_t reader = m_result.assignments[index].rule;
                m_result.rules[reader].sourceKeys += reader != last;
                last = reader;
            }
        }
    }

    const Mapping &m_mapping;
    const Schema &m_source;
    const Schema &m_target;
    KeyTable m_sourceKeys, m_targetKeys;
    std::vector<std::uint32_t> m_dropRule; ///< by source key: the first rule that drops it
    std::vector<Claim> m_claims;           ///< by target key
    std::vector<Draft> m_drafts;
    std::vector<RuleNotes> m_notes;
    Resolution m_result;

    std::shared_ptr<const Outcome> m_lastOutcome;
};

} // namespace

std::size_t Resolution::count(TargetStatus status) const
{
    return static_cast<std::size_t>(std::ranges::count(targets, status, &TargetOutcome::status));
}

std::size_t Resolution::count(SourceStatus status) const
{
    return static_cast<std::size_t>(std::ranges::count(sources, status, &SourceOutcome::status));
}

bool Resolution::complete() const
{
    return std::ranges::all_of(targets, [](const TargetOutcome &outcome) {
        return outcome.status == TargetStatus::Filled || outcome.status == TargetStatus::Initialised;
    });
}

Resolution resolve(const Mapping &mapping, const Schema &source, const Schema &target)
{
    return Resolver(mapping, source, target).resolve();
}

} // namespace rekey
