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
    return std::all_of(role.begin(), role.end(),
                       [&](const std::string &word) { return std::find(words.begin(), words.end(), word) != words.end(); });
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

/// What a leaf is in its unit, and its shape.
using LeafClass = std::pair<std::string, Shape>;

std::map<LeafClass, std::vector<std::pair<const Unit *, std::uint32_t>>> openLeaves(const Side &side, const std::vector<bool> &taken)
{
    std::map<LeafClass, std::vector<std::pair<const Unit *, std::uint32_t>>> open;
    for (const auto &unit : side.units)
        for (const auto &leaf : unit.leaves)
            if (!taken[leaf.tensor])
                open[{leaf.kind, side.schema->tensors[leaf.tensor].shape}].emplace_back(&unit, leaf.tensor);
    return open;
}

} // namespace

namespace {

std::string parentOf(const Unit &unit)
{
    std::string text;
    for (std::size_t i = 0; i + 1 < unit.segments.size(); ++i)
        text += unit.segments[i] + '.';
    return text;
}

/// "q_bias" beside a fused "qkv.weight" is the bias of the query: a leaf left in the module that a unit's other leaves come from,
/// with the same role, kind and shape.
void pairLeavesBeside(const Side &source, const Side &target, std::vector<Pairing> &pairings, std::vector<bool> &used,
                      std::vector<bool> &filled)
{
    std::vector<const Unit *> unitOf(source.schema->tensors.size(), nullptr);
    std::map<std::string, std::vector<std::pair<const Unit *, const Leaf *>>> open; // by parent, kind and role
    const auto where
        = [](const std::string &parent, const std::string &kind, const std::string &role) { return parent + '\n' + kind + '\n' + role; };
    for (const auto &unit : source.units)
        for (const auto &leaf : unit.leaves) {
            unitOf[leaf.tensor] = &unit;
            if (!used[leaf.tensor])
                open[where(parentOf(unit), leaf.kind, fusedRole(unit.words))].emplace_back(&unit, &leaf);
        }
    std::vector<std::uint32_t> originOf(target.schema->tensors.size(), noAtom);
    for (const auto &pairing : pairings)
        for (const auto t : pairing.targets)
            originOf[t] = pairing.sources.front();
    for (const auto &unit : target.units) {
        const std::string role = fusedRole(unit.words);
        const std::uint32_t origin = originOf[unit.leaves.front().tensor];
        if (role.empty() || origin == noAtom || unitOf[origin] == nullptr)
            continue;
        for (const auto &leaf : unit.leaves) {
            const auto found = filled[leaf.tensor] ? open.end() : open.find(where(parentOf(*unitOf[origin]), leaf.kind, role));
            if (found == open.end() || found->second.size() != 1 || used[found->second.front().second->tensor])
                continue;
            const std::uint32_t beside = found->second.front().second->tensor;
            if (source.schema->tensors[beside].shape != target.schema->tensors[leaf.tensor].shape)
                continue;
            Pairing pairing;
            pairing.sources = {beside};
            pairing.targets = {leaf.tensor};
            pairing.state = RuleState::Suggested;
            pairing.confidence = 0.95;
            pairing.evidence = {"beside the tensor that holds the weight, with the same role and shape"};
            pairings.push_back(std::move(pairing));
            used[beside] = filled[leaf.tensor] = true;
        }
    }
}

/// A tensor that is alike in name and shape shares the other's values only where everything beside it has its values: else it is
/// part of a module that the source does not have.
void dropPartsOfOpenModules(const Side &target, std::vector<bool> filled, const std::vector<std::uint32_t> &onlyAlike,
                            std::vector<Pairing> &added)
{
    for (const auto &pairing : added)
        filled[pairing.targets.front()] = true;
    std::vector<const Unit *> unitOf(filled.size(), nullptr);
    std::set<std::string> open;
    for (const auto &unit : target.units)
        for (const auto &leaf : unit.leaves) {
            unitOf[leaf.tensor] = &unit;
            if (!filled[leaf.tensor] && leaf.kind != "num_batches_tracked")
                open.insert(parentOf(unit));
        }
    for (const auto t : onlyAlike)
        if (open.contains(parentOf(*unitOf[t])))
            std::erase_if(added, [&](const Pairing &pairing) { return pairing.targets.front() == t; });
}

} // namespace

void pairLoneLeaves(const Side &source, const Side &target, std::vector<Pairing> &pairings)
{
    std::vector<bool> used(source.schema->tensors.size()), filled(target.schema->tensors.size());
    markPaired(pairings, used, filled);
    pairLeavesBeside(source, target, pairings, used, filled);
    const auto from = openLeaves(source, used), to = openLeaves(target, filled);
    for (const auto &[leaf, targets] : to) {
        const auto same = from.find(leaf);
        if (same == from.end() || same->second.size() != 1 || targets.size() != 1 || elementCount(leaf.second) <= 1)
            continue;
        const double like = likeness(same->second.front().first->words, targets.front().first->words);
        if (like == 0 || same->second.front().first->modality != targets.front().first->modality)
            continue;
        Pairing pairing;
        pairing.sources = {same->second.front().second};
        pairing.targets = {targets.front().second};
        pairing.state = RuleState::Suggested;
        pairing.confidence = like >= 0.99 ? 0.85 : 0.6;
        pairing.evidence = {"only pair left with shape " + shapeText(leaf.second)};
        pairings.push_back(std::move(pairing));
    }
}

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
    markPaired(pairings, used, filled);
    std::vector<Pairing> added;
    std::vector<std::uint32_t> onlyAlike; // of added
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
                else if (same->second.size() > 1 || score < 0.5
                         || (shape.size() < 2 && (leaf.kind != "bias" || shape.empty() || shape[0] < 1000)))
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
            if (bestScore <= 1)
                onlyAlike.push_back(leaf.tensor);
            added.push_back(std::move(pairing));
        }
    }
    dropPartsOfOpenModules(target, filled, onlyAlike, added);
    pairings.insert(pairings.end(), added.begin(), added.end());
}

} // namespace rekey
