// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/matcher.h"

#include "core/suggest/exchanges.h"
#include "core/suggest/layout.h"
#include "core/suggest/repetition.h"
#include "core/suggest/resizedtables.h"
#include "core/suggest/stackedexperts.h"
#include "core/suggest/twincopies.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace rekey {

namespace {

/// Below this a pair is not worth showing as an answer.
constexpr float leastBelief = 0.05F;
/// More pairs of equal size than this are not weighed again.
constexpr std::uint64_t mostPairs = 1'000'000;

/// Where an atom without a partner would do about as well by name and shape, nobody but the values can tell for sure which of
/// them is meant.
void doubt(const Side &source, const std::vector<Candidacy> &candidates, const std::vector<bool> &sourceTaken,
           const std::vector<bool> &targetTaken, std::vector<Match> &matches)
{
    constexpr float asWell = 1.0F;
    constexpr double doubtful = 0.8;
    const auto plausible = [](const Support &s) { return s.name - 1.5F * s.penalty; };
    std::vector<std::uint32_t> targetOf(source.atoms.size(), noAtom);
    for (std::uint32_t b = 0; b < matches.size(); ++b)
        if (targetTaken[b])
            targetOf[matches[b].source] = b;
    for (const auto &c : candidates) {
        if (sourceTaken[c.source] == targetTaken[c.target] || c.values == ValuePrints::Verdict::Same)
            continue;
        Match &match = matches[targetTaken[c.target] ? c.target : targetOf[c.source]];
        if (match.values != ValuePrints::Verdict::Same && plausible(c.support) > plausible(match.support) - asWell)
            match.confidence = std::min(match.confidence, doubtful), match.doubt = "another one without a partner would do as well";
    }
}

/// What is left on both sides when everything else has its partner: those that share words, best first.
void chooseLeftovers(const std::vector<Candidacy> &candidates, std::vector<bool> &sourceTaken, std::vector<bool> &targetTaken,
                     std::vector<Match> &matches)
{
    std::vector<const Candidacy *> left;
    std::map<std::uint32_t, int> sourceRivals, targetRivals;
    for (const auto &c : candidates) {
        if (sourceTaken[c.source] || targetTaken[c.target] || c.support.penalty >= 1)
            continue;
        left.push_back(&c);
        ++sourceRivals[c.source];
        ++targetRivals[c.target];
    }
    std::stable_sort(left.begin(), left.end(), [](const Candidacy *a, const Candidacy *b) { return a->score > b->score; });
    for (const Candidacy *c : left) {
        const bool only = sourceRivals[c->source] == 1 && targetRivals[c->target] == 1;
        if (sourceTaken[c->source] || targetTaken[c->target] || c->support.name < (only ? -2 : 0))
            continue;
        sourceTaken[c->source] = targetTaken[c->target] = true;
        matches[c->target] = {c->source, c->target, only ? 0.8 : 0.4, c->support, 0, noAtom, 0, c->values, {}};
    }
}

/// Other sources for whole units, leaf by leaf.
void collectRivals(const Side &from, const Side &to, const std::vector<Candidacy> &candidates, const std::vector<Match> &matches,
                   TensorMatches &result)
{
    constexpr std::size_t most = 4;
    std::vector<std::uint32_t> chosen(to.atoms.size(), noAtom);
    for (const auto &match : matches)
        chosen[match.target] = match.source;
    for (const auto &c : candidates) {
        const Atom &a = from.atoms[c.source], &b = to.atoms[c.target];
        if (chosen[c.target] == c.source || a.part.index >= 0 || b.part.index >= 0)
            continue;
        for (const auto &leaf : to.units[b.unit].leaves) {
            const Unit &unit = from.units[a.unit];
            const Leaf *origin = &leaf == &to.units[b.unit].leaves.front() ? &unit.leaves.front() : unit.find(leaf.kind);
            auto &rivals = result.rivals[leaf.tensor];
            if (origin == nullptr || rivals.size() >= most)
                continue;
            const auto found = layouts(from.schema->tensors[origin->tensor].shape, to.schema->tensors[leaf.tensor].shape);
            if (!found.empty())
                rivals.push_back({origin->tensor, found.front().transform, c.belief});
        }
    }
}

} // namespace

std::vector<Match> chooseMatches(const Side &source, const Side &target, const std::vector<Candidacy> &candidates)
{
    std::vector<std::uint32_t> order(candidates.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t x, std::uint32_t y) { return candidates[x].belief > candidates[y].belief; });
    std::vector<bool> sourceTaken(source.atoms.size()), targetTaken(target.atoms.size());
    std::vector<Match> matches(target.atoms.size());
    for (const std::uint32_t index : order) {
        const Candidacy &c = candidates[index];
        if (sourceTaken[c.source] || targetTaken[c.target] || c.belief < leastBelief)
            continue;
        sourceTaken[c.source] = targetTaken[c.target] = true;
        matches[c.target] = {c.source, c.target, c.belief, c.support, 0, noAtom, 0, c.values, {}};
    }
    doubt(source, candidates, sourceTaken, targetTaken, matches);
    chooseLeftovers(candidates, sourceTaken, targetTaken, matches);
    for (const auto &c : candidates) {
        Match &match = matches[c.target];
        if (!targetTaken[c.target] || match.source == c.source)
            continue;
        ++match.rivals;
        if (match.runnerUp == noAtom || c.belief > match.runnerUpBelief) {
            match.runnerUp = c.source;
            match.runnerUpBelief = c.belief;
        }
    }
    std::vector<Match> chosen;
    for (std::size_t b = 0; b < matches.size(); ++b)
        if (targetTaken[b])
            chosen.push_back(matches[b]);
    doubtExchangeable(source, target, candidates, chosen);
    return chosen;
}

namespace {

TensorMatches matchSome(const Schema &source, const Schema &target, const Skipped &skipped, const ValuePrints *values,
                        const Progress &progress)
{
    const auto [from, to] = cutIntoAtoms(source, target, skipped.source, skipped.target);
    const auto candidates = believe(from, to, values, progress);
    const auto matches = chooseMatches(from, to, candidates);
    TensorMatches result;
    result.pairings = pairTensors(from, to, matches);
    pairLoneLeaves(from, to, result.pairings);
    fillTied(from, to, result.pairings);
    result.questions = pairResizedTables(from, to, result.pairings);
    collectRivals(from, to, candidates, matches, result);
    return result;
}

std::size_t count(const std::vector<bool> &marks)
{
    return static_cast<std::size_t>(std::count(marks.begin(), marks.end(), true));
}

void leaveOut(std::vector<bool> &skipped, const std::vector<bool> &marked)
{
    for (std::size_t t = 0; t < marked.size(); ++t)
        skipped[t] = skipped[t] || marked[t];
}

/// A running copy beside its original takes no part, unless both sides have one. Returns how sure a suggestion may be at most: of
/// two equal parts that no name tells apart, the first is only a guess.
double leaveOutCopies(const Schema &source, const Schema &target, Skipped &open)
{
    constexpr double either = 0.8;
    const auto from = twinCopies(source), to = twinCopies(target);
    if (count(from) > 0 || count(to) > 0) {
        if (count(from) == 0 || count(to) == 0) {
            leaveOut(open.source, from);
            leaveOut(open.target, to);
        }
        return 1;
    }
    // Two towers of a model are no copies: the other side would have them, too.
    const auto parts = equalParts(source);
    if (count(parts) == 0 || 3 * (source.tensors.size() - count(parts)) < 2 * target.tensors.size() || count(equalParts(target)) > 0)
        return 1;
    leaveOut(open.source, parts);
    return either;
}

/// The second look saw only what the first left: it may be sure of too much.
void append(TensorMatches &all, TensorMatches more)
{
    constexpr double most = 0.85;
    for (auto &pairing : more.pairings)
        if (pairing.state != RuleState::Proven)
            pairing.confidence = std::min(pairing.confidence, most);
    std::move(more.pairings.begin(), more.pairings.end(), std::back_inserter(all.pairings));
    all.questions = std::move(more.questions);
    all.rivals.merge(more.rivals);
}

} // namespace

namespace {

/// With long runs of equal blocks shortened where there are too many pairs to weigh.
TensorMatches matchAll(const Schema &source, const Schema &target, Skipped open, const ValuePrints *values, const Progress &progress)
{
    const auto shorter = shorten(source, target, open);
    if (!shorter)
        return matchSome(source, target, open, values, progress);
    TensorMatches result = matchSome(source, target, *shorter, values, progress.part(0, 0.6));
    auto more = continued(result.pairings, source, target, *shorter, open, progress);
    std::move(more.begin(), more.end(), std::back_inserter(result.pairings));
    // What the rules did not reach, with what stands beside it unknown.
    markPaired(result.pairings, open.source, open.target);
    if (possiblePairs(source, target, open) <= mostPairs)
        append(result, matchSome(source, target, open, values, progress.part(0.6, 1)));
    return result;
}

} // namespace

TensorMatches matchTensors(const Schema &source, const Schema &target, const std::vector<bool> &skipSource,
                           const std::vector<bool> &skipTarget, const ValuePrints *values, const Progress &progress)
{
    Skipped open{skipSource, skipTarget};
    const double most = leaveOutCopies(source, target, open);
    const StackedExperts experts(source, target, open);
    // Values are those of whole tensors: they say nothing of a single expert.
    TensorMatches result = experts.any() ? matchAll(experts.source(), experts.target(), experts.skipped(), nullptr, progress)
                                         : matchAll(source, target, std::move(open), values, progress);
    if (experts.any())
        experts.writeForAll(result);
    for (auto &pairing : result.pairings)
        if (pairing.confidence > most) {
            pairing.confidence = most;
            pairing.evidence.emplace_back("the source holds an equal part under another name, which would do as well");
        }
    return result;
}

} // namespace rekey
