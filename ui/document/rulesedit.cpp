// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/rulesedit.h"

#include "core/suggest/suggest.h"

#include <algorithm>

namespace rekey::ui {

namespace {

/// What is left of a rule without the assignments that fill one of these targets: nothing, itself, or narrower rules.
std::vector<Rule> remainder(const Rule &rule, std::uint32_t index, const Resolution &before, const std::vector<bool> &taken,
                            const Schema &source, const Schema &target)
{
    std::vector<Pairing> kept;
    bool overlaps = false;
    for (const Assignment &assignment : before.assignments) {
        if (assignment.rule != index)
            continue;
        if (std::any_of(assignment.targets.begin(), assignment.targets.end(), [&](std::uint32_t i) { return taken[i]; }))
            overlaps = true;
        else
            kept.push_back({assignment.sources, assignment.targets, rule.transform, rule.state, rule.confidence, rule.evidence});
    }
    if (!overlaps)
        return {rule};
    if (kept.empty())
        return {};
    return rulesFromPairings(kept, source, target);
}

} // namespace

Mapping withRulesPreferred(const Mapping &mapping, std::vector<Rule> rules, const Schema &source, const Schema &target,
                           std::uint32_t *firstNew)
{
    Mapping alone;
    alone.rules = rules;
    const Resolution claimed = resolve(alone, source, target);
    std::vector<bool> taken(target.tensors.size(), false);
    for (std::size_t i = 0; i < claimed.targets.size(); ++i)
        taken[i] = claimed.targets[i].rule != none;

    const Resolution before = resolve(mapping, source, target);
    Mapping next = mapping;
    next.rules.clear();
    std::size_t place = none;
    for (std::uint32_t index = 0; index < mapping.rules.size(); ++index) {
        const Rule &rule = mapping.rules[index];
        std::vector<Rule> left{rule};
        if (rule.kind == RuleKind::Map) {
            left = remainder(rule, index, before, taken, source, target);
        } else if (rule.kind == RuleKind::Init) {
            // An init rule that only these keys needed goes.
            bool needed = false, overlaps = false;
            for (std::size_t i = 0; i < before.targets.size(); ++i) {
                if (before.targets[i].rule == index)
                    (taken[i] ? overlaps : needed) = true;
            }
            if (overlaps && !needed)
                left.clear();
        }
        if (place == none && (left.size() != 1 || !(left.front() == rule)))
            place = next.rules.size();
        std::move(left.begin(), left.end(), std::back_inserter(next.rules));
    }
    place = std::min(place, next.rules.size());
    next.rules.insert(next.rules.begin() + static_cast<std::ptrdiff_t>(place), std::make_move_iterator(rules.begin()),
                      std::make_move_iterator(rules.end()));
    if (firstNew != nullptr)
        *firstNew = static_cast<std::uint32_t>(place);
    return next;
}

Rule withCandidate(const Rule &rule, std::size_t index)
{
    Rule accepted = rule;
    if (index < rule.candidates.size()) {
        const Candidate &candidate = rule.candidates[index];
        accepted.kind = RuleKind::Map; // a candidate fills; the question may have been whether to
        accepted.reason.clear();
        accepted.sources = candidate.sources;
        accepted.targets = candidate.targets;
        accepted.transform = candidate.transform;
        accepted.confidence = candidate.confidence;
        if (!candidate.why.empty())
            accepted.evidence.insert(accepted.evidence.begin(), candidate.why);
    }
    accepted.candidates.clear();
    accepted.state = RuleState::Accepted;
    return accepted;
}

std::vector<Pattern> patternsFor(const std::vector<std::uint32_t> &tensors, const KeyTree &tree, const Schema &schema)
{
    std::vector<bool> wanted(schema.tensors.size(), false);
    for (const std::uint32_t tensor : tensors)
        wanted[tensor] = true;
    std::vector<Pattern> patterns;
    std::vector<std::pair<Pattern, std::uint32_t>> folded; // with their leaves
    for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
        const auto &below = tree.nodes[node].tensors;
        if (below.size() < 2 || !std::all_of(below.begin(), below.end(), [&](std::uint32_t i) { return wanted[i]; }))
            continue;
        try {
            folded.emplace_back(Pattern::parse(tree.nodes[node].path), node);
        } catch (const PatternError &) {
            // A key with braces of its own: key by key below.
        }
    }
    // A template may say more than its row: with one foreign key it would say too much.
    for (auto &[pattern, node] : folded) {
        const bool exact = std::all_of(schema.tensors.begin(), schema.tensors.end(), [&, &shown = pattern](const SchemaTensor &tensor) {
            return wanted[static_cast<std::size_t>(&tensor - schema.tensors.data())] || !shown.match(tensor.key);
        });
        if (!exact)
            continue;
        for (const std::uint32_t tensor : tree.nodes[node].tensors)
            wanted[tensor] = false;
        patterns.push_back(std::move(pattern));
    }
    for (std::size_t tensor = 0; tensor < wanted.size(); ++tensor) {
        if (wanted[tensor])
            patterns.push_back(Pattern::literal(schema.tensors[tensor].key));
    }
    return patterns;
}

std::vector<OpenQuestion> openQuestions(const Mapping &mapping, const Resolution &resolution, const KeyTree &source, const KeyTree &target)
{
    std::vector<OpenQuestion> questions;
    for (std::uint32_t rule = 0; rule < mapping.rules.size(); ++rule) {
        if (mapping.rules[rule].state == RuleState::ToReview)
            questions.push_back({rule, none, none});
    }
    const auto wrong = [&resolution](std::uint32_t i) {
        const TargetStatus status = resolution.targets[i].status;
        return status == TargetStatus::Missing || status == TargetStatus::Mismatched || status == TargetStatus::Conflicting;
    };
    for (std::uint32_t node = 0; node < target.nodes.size(); ++node) {
        if (std::any_of(target.nodes[node].tensors.begin(), target.nodes[node].tensors.end(), wrong))
            questions.push_back({none, node, none});
    }
    const auto unused = [&resolution](std::uint32_t i) { return resolution.sources[i].status == SourceStatus::Unused; };
    for (std::uint32_t node = 0; node < source.nodes.size(); ++node) {
        if (std::any_of(source.nodes[node].tensors.begin(), source.nodes[node].tensors.end(), unused))
            questions.push_back({none, none, node});
    }
    return questions;
}

std::optional<OpenQuestion> neighbourQuestion(const std::vector<OpenQuestion> &questions, int step,
                                              const std::function<bool(const OpenQuestion &)> &isCurrent)
{
    if (questions.empty())
        return std::nullopt;
    const auto count = static_cast<std::ptrdiff_t>(questions.size());
    const auto current = std::find_if(questions.begin(), questions.end(), isCurrent);
    if (current == questions.end())
        return step > 0 ? questions.front() : questions.back();
    return questions[static_cast<std::size_t>((current - questions.begin() + step + count) % count)];
}

std::size_t openKeys(const Resolution &resolution)
{
    return resolution.count(TargetStatus::ToReview) + resolution.count(TargetStatus::Missing) + resolution.count(TargetStatus::Mismatched)
        + resolution.count(TargetStatus::Conflicting);
}

} // namespace rekey::ui
