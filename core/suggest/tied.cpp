// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/layout.h"
#include "core/suggest/matcher.h"

#include <algorithm>
#include <map>
#include <set>

namespace rekey {

namespace {

bool holds(const Words &words, const Words &role)
{
    return std::all_of(role.begin(), role.end(), [&](const std::string &word) { return std::find(words.begin(), words.end(), word) != words.end(); });
}

/// Whether one of two units commonly shares the other's storage.
bool commonlyTied(const Words &open, const Words &filled)
{
    const auto &roles = lexicon().tied;
    return std::any_of(roles.begin(), roles.end(), [&](const auto &role) {
        return (holds(open, role.first) && holds(filled, role.second)) || (holds(open, role.second) && holds(filled, role.first));
    });
}

/// Words in common, as a share of the fewer.
double likeness(const Words &a, const Words &b)
{
    const std::set<std::string> x(a.begin(), a.end()), y(b.begin(), b.end());
    if (x.empty() || y.empty())
        return 0;
    std::size_t common = 0;
    for (const auto &word : x)
        common += y.contains(word);
    return static_cast<double>(common) / static_cast<double>(std::min(x.size(), y.size()));
}

} // namespace

void fillTied(const Side &source, const Side &target, std::vector<Pairing> &pairings)
{
    const Schema &to = *target.schema;
    std::vector<const Pairing *> pairingOf(to.tensors.size(), nullptr);
    std::vector<const Unit *> unitOf(to.tensors.size(), nullptr);
    std::map<Shape, std::vector<std::uint32_t>> filledByShape;
    for (const auto &unit : target.units)
        for (const auto &leaf : unit.leaves)
            unitOf[leaf.tensor] = &unit;
    for (const auto &pairing : pairings)
        if (pairing.targets.size() == 1 && pairing.sources.size() == 1)
            pairingOf[pairing.targets.front()] = &pairing;
    for (std::uint32_t t = 0; t < to.tensors.size(); ++t)
        if (pairingOf[t] != nullptr)
            filledByShape[to.tensors[t].shape].push_back(t);
    std::vector<bool> used(source.schema->tensors.size());
    std::vector<bool> filled(to.tensors.size());
    for (const auto &pairing : pairings) {
        for (const auto s : pairing.sources)
            used[s] = true;
        for (const auto t : pairing.targets)
            filled[t] = true;
    }
    std::vector<Pairing> added;
    for (const auto &unit : target.units) {
        for (const auto &leaf : unit.leaves) {
            const Shape &shape = to.tensors[leaf.tensor].shape;
            if (filled[leaf.tensor] || elementCount(shape) <= 1)
                continue;
            const auto same = filledByShape.find(shape);
            if (same == filledByShape.end())
                continue;
            std::uint32_t best = 0;
            double bestScore = 0;
            for (const std::uint32_t other : same->second) {
                double score = likeness(unit.words, unitOf[other]->words);
                const bool sharedInSchema = to.tensors[leaf.tensor].tiedTo == to.tensors[other].tiedTo;
                if (sharedInSchema && to.tensors.size() > 1 && to.tensors[leaf.tensor].tiedTo != leaf.tensor)
                    score = 3;
                else if (shape.size() >= 2 && commonlyTied(unit.words, unitOf[other]->words))
                    score += 1;
                else if (same->second.size() > 1 || score < 0.5 || (shape.size() < 2 && (leaf.kind != "bias" || shape.empty() || shape[0] < 1000)))
                    continue;
                if (score > bestScore) {
                    bestScore = score;
                    best = other;
                }
            }
            if (bestScore == 0)
                continue;
            Pairing pairing = *pairingOf[best];
            pairing.targets = {leaf.tensor};
            pairing.confidence = std::min(pairing.confidence, bestScore >= 3 ? 0.97 : bestScore > 1 ? 0.92 : 0.7);
            pairing.evidence = {"shares " + to.tensors[best].key};
            added.push_back(std::move(pairing));
        }
    }
    pairings.insert(pairings.end(), added.begin(), added.end());
}

} // namespace rekey
