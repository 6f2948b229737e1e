// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/suggest.h"

#include "core/mapping/numberless.h"
#include "core/suggest/matcher.h"
#include "core/suggest/openkeys.h"
#include "core/suggest/valueproofs.h"

#include <algorithm>
#include <chrono>
#include <map>

namespace rekey {

namespace {

/// Below this a suggestion is a question.
constexpr double leastSure = 0.5;
constexpr double sure = 0.9;
constexpr std::size_t mostCandidates = 4;

/// Blocks of one template stand or fall together: the same confidence for all.
void evenOut(std::vector<Pairing> &pairings, const Schema &source, const Schema &target)
{
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t p = 0; p < pairings.size(); ++p)
        groups[numberless(source.tensors[pairings[p].sources.front()].key) + '\n'
               + numberless(target.tensors[pairings[p].targets.front()].key)]
            .push_back(p);
    for (const auto &[name, members] : groups) {
        double sum = 0;
        for (const std::size_t p : members)
            sum += pairings[p].confidence;
        const double mean = sum / static_cast<double>(members.size());
        for (const std::size_t p : members) {
            if (pairings[p].state == RuleState::Proven)
                continue;
            // Whoever was doubted does not become sure by the company.
            const double most = pairings[p].confidence < sure ? sure - 0.01 : 1;
            pairings[p].confidence = std::min({mean, pairings[p].confidence + 0.2, most});
            pairings[p].state = mean < leastSure ? RuleState::ToReview : RuleState::Suggested;
            if (members.size() > 2)
                pairings[p].evidence.push_back("same position in " + std::to_string(members.size()) + " places of the same pattern");
        }
    }
}

/// The rule itself and what else might fill its targets.
void addCandidates(Rule &rule, const std::vector<const TensorMatches::Rivals *> &rivals, const std::vector<std::uint32_t> &targets,
                   const Schema &source, const Schema &target)
{
    rule.candidates.push_back({rule.sources, rule.targets, rule.transform, rule.confidence, "best match of names, order and shapes"});
    for (std::size_t rank = 0; rank + 1 < mostCandidates; ++rank) {
        std::vector<Pairing> other;
        double belief = 0;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            if (rivals[i] == nullptr || rivals[i]->size() <= rank)
                return;
            Pairing pairing;
            pairing.sources = {(*rivals[i])[rank].source};
            pairing.targets = {targets[i]};
            pairing.transform = (*rivals[i])[rank].transform;
            belief += (*rivals[i])[rank].belief;
            other.push_back(std::move(pairing));
        }
        const auto rules = rulesFromPairings(other, source, target);
        if (rules.size() != 1)
            return;
        rule.candidates.push_back({rules[0].sources, rules[0].targets, rules[0].transform, belief / static_cast<double>(targets.size()),
                                   "fits by shape"});
    }
}

void listCandidates(std::vector<Rule> &rules, const TensorMatches &matches, const Schema &source, const Schema &target)
{
    if (std::none_of(rules.begin(), rules.end(), [](const Rule &rule) { return rule.state == RuleState::ToReview; }))
        return;
    Mapping mapping;
    mapping.rules = rules;
    const Resolution resolution = resolve(mapping, source, target);
    for (std::size_t r = 0; r < rules.size(); ++r) {
        if (rules[r].state != RuleState::ToReview)
            continue;
        std::vector<std::uint32_t> targets;
        std::vector<const TensorMatches::Rivals *> rivals;
        for (const auto &assignment : resolution.assignments) {
            if (assignment.rule != r || assignment.targets.size() != 1)
                continue;
            const auto entry = matches.rivals.find(assignment.targets.front());
            targets.push_back(assignment.targets.front());
            rivals.push_back(entry == matches.rivals.end() ? nullptr : &entry->second);
        }
        addCandidates(rules[r], rivals, targets, source, target);
    }
}

/// A target that could only be filled with values that are in no file keeps its own, until somebody wants them.
Rule question(const Pairing &pairing, const Schema &source, const Schema &target)
{
    const Rule whole = rulesFromPairings(std::span(&pairing, 1), source, target).front();
    Rule rule;
    rule.kind = RuleKind::Init;
    rule.targets = whole.targets;
    rule.state = RuleState::ToReview;
    rule.confidence = 1 - pairing.confidence;
    rule.reason = "the source has a table of another size";
    rule.evidence = pairing.evidence;
    rule.candidates = {{whole.sources, whole.targets, whole.transform, pairing.confidence, pairing.evidence.front()}};
    return rule;
}

} // namespace

void markPaired(std::span<const Pairing> pairings, std::vector<bool> &sources, std::vector<bool> &targets)
{
    for (const auto &pairing : pairings) {
        for (const auto s : pairing.sources)
            sources[s] = true;
        for (const auto t : pairing.targets)
            targets[t] = true;
    }
}

Mapping suggest(const Schema &source, const Schema &target, const SuggestOptions &options, const Progress &progress)
{
    Mapping mapping;
    mapping.name = source.name + " → " + target.name;
    mapping.sources = {describeSide(source)};
    mapping.target = describeSide(target);
    mapping.rules = options.settled;

    std::vector<bool> usedSource(source.tensors.size()), filledTarget(target.tensors.size());
    if (!options.settled.empty()) {
        const Resolution settled = resolve(mapping, source, target);
        for (std::size_t s = 0; s < usedSource.size(); ++s)
            usedSource[s] = settled.sources[s].status != SourceStatus::Unused;
        for (std::size_t t = 0; t < filledTarget.size(); ++t)
            filledTarget[t] = settled.targets[t].status != TargetStatus::Missing;
    }
    std::optional<ValuePrints> values;
    ValueReport report;
    if (options.sourceValues != nullptr && options.targetValues != nullptr && options.sourceValues->hasValues()
        && options.targetValues->hasValues()) {
        const auto begin = std::chrono::steady_clock::now();
        values.emplace(*options.sourceValues, *options.targetValues, progress.part(0, 0.8));
        report = {values->bytesRead(), values->bytesHeld(), std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
                  0};
    }
    const Progress rest = values ? progress.part(0.8, 1) : progress;
    TensorMatches matches = matchTensors(source, target, usedSource, filledTarget, values ? &*values : nullptr, rest);
    if (values) {
        heedValues(matches.pairings,
                   provenByValues(*options.sourceValues, *options.targetValues, *values, usedSource, filledTarget, matches.pairings, rest),
                   source, target, *values);
        for (const auto &pairing : matches.pairings)
            report.provenTargets += pairing.state == RuleState::Proven ? pairing.targets.size() : 0;
    }
    if (options.report != nullptr)
        *options.report = report;
    evenOut(matches.pairings, source, target);
    markPaired(matches.pairings, usedSource, filledTarget);
    std::vector<Rule> rules = rulesFromPairings(matches.pairings, source, target);
    listCandidates(rules, matches, source, target);
    for (auto &rule : rules)
        mapping.rules.push_back(std::move(rule));
    for (const auto &pairing : matches.questions)
        mapping.rules.push_back(question(pairing, source, target));
    for (auto &rule : explainOpenKeys(source, target, usedSource, filledTarget))
        mapping.rules.push_back(std::move(rule));
    return mapping;
}

} // namespace rekey
