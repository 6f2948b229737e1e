// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/gatheredkeys.h"
#include "core/suggest/protorule.h"

#include <algorithm>
#include <map>

namespace rekey {

namespace {

constexpr std::size_t mostEvidence = 5;

/// Worst first: a rule is as sure as its least sure pairing.
int rank(RuleState state)
{
    switch (state) {
    case RuleState::ToReview: return 0;
    case RuleState::Suggested: return 1;
    case RuleState::Proven: return 2;
    case RuleState::Accepted: return 3;
    }
    return 0;
}

Rule finished(ProtoRule proto, const ExactPairings &exact)
{
    Rule rule;
    GatheredKeys::restore(proto.sources, proto.targets);
    for (const auto &text : proto.sources)
        rule.sources.push_back(Pattern::parse(text));
    for (const auto &text : proto.targets)
        rule.targets.push_back(Pattern::parse(text));
    const Pairing &first = exact.at(proto.pairings.front());
    rule.transform = first.transform;
    rule.state = first.state;
    std::map<std::string, std::size_t> counts;
    std::vector<std::string> order;
    for (const std::uint32_t p : proto.pairings) {
        const Pairing &pairing = exact.at(p);
        if (rank(pairing.state) < rank(rule.state))
            rule.state = pairing.state;
        rule.confidence = std::min(rule.confidence, pairing.confidence);
        for (const auto &words : pairing.evidence)
            if (counts[words]++ == 0)
                order.push_back(words);
    }
    std::stable_sort(order.begin(), order.end(), [&](const auto &a, const auto &b) { return counts[a] > counts[b]; });
    order.resize(std::min(order.size(), mostEvidence));
    rule.evidence = std::move(order);
    return rule;
}

std::vector<Rule> rulesOf(std::span<const Pairing> pairings, const Schema &source, const Schema &target)
{
    const ExactPairings exact(pairings, source, target);
    std::vector<ProtoRule> protos = mergeNames(liftNumbers(exact), exact);

    // File order, but what begins alike stays together.
    std::map<std::string, std::uint32_t> firstOf;
    const auto place = [&](const ProtoRule &rule) {
        std::uint32_t least = none;
        for (const std::uint32_t p : rule.pairings)
            for (const std::uint32_t s : exact.at(p).sources)
                least = std::min(least, s);
        return least;
    };
    std::vector<std::tuple<std::uint32_t, std::uint32_t, std::size_t>> order;
    for (const auto &rule : protos) {
        const auto [entry, isNew] = firstOf.emplace(patternSegments(rule.sources.front()).front(), place(rule));
        if (!isNew)
            entry->second = std::min(entry->second, place(rule));
    }
    for (std::size_t r = 0; r < protos.size(); ++r)
        order.emplace_back(firstOf.at(patternSegments(protos[r].sources.front()).front()), place(protos[r]), r);
    std::sort(order.begin(), order.end());

    std::vector<Rule> rules;
    for (const auto &[group, position, index] : order)
        rules.push_back(finished(protos[index], exact));
    return rules;
}

} // namespace

std::vector<Rule> rulesFromPairings(std::span<const Pairing> pairings, const Schema &source, const Schema &target)
{
    if (!gathersKeys(pairings))
        return rulesOf(pairings, source, target);
    const GatheredKeys gathered(pairings, source, target);
    return rulesOf(gathered.pairings(), gathered.source(), gathered.target());
}

} // namespace rekey
