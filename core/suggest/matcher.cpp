// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/matcher.h"

#include <algorithm>
#include <numeric>

namespace rekey {

namespace {

/// Below this a pair is not worth showing as an answer.
constexpr float leastBelief = 0.05F;

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
        matches[c.target] = {c.source, c.target, c.belief, c.support, 0, noAtom, 0};
    }
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
    return chosen;
}

std::vector<Pairing> matchTensors(const Schema &source, const Schema &target, const std::vector<bool> &skipSource,
                                  const std::vector<bool> &skipTarget, const Progress &progress)
{
    const auto [from, to] = cutIntoAtoms(source, target, skipSource, skipTarget);
    const auto candidates = believe(from, to, progress);
    auto pairings = pairTensors(from, to, chooseMatches(from, to, candidates));
    fillTied(from, to, pairings);
    return pairings;
}

} // namespace rekey
