// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/beliefs.h"

#include "core/suggest/blocksequence.h"
#include "core/suggest/layout.h"
#include "core/suggest/namescores.h"
#include "core/suggest/neighbourhood.h"
#include "core/suggest/sizeclasses.h"

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

/// How much each kind of evidence counts, in log-odds for full support.
struct Weights
{
    float name = 0.9F;
    float group = 7.0F;
    float pattern = 3.0F;
    float order = 2.0F;
    float neighbour = 2.0F;
    float numbers = 3.0F;
    float sequence = 2.5F;
    float layer = 4.0F;
    float penalty = 1.5F;
};

constexpr int rounds = 14;
constexpr float nothing = -1.0F; ///< log-odds of having no partner at all

constexpr float sameValues = 20.0F;

float total(const Candidacy &c, const Weights &w)
{
    const Support &s = c.support;
    return (c.values == ValuePrints::Verdict::Same ? sameValues : 0.0F) + w.name * s.name + w.group * s.group + w.pattern * s.pattern
        + w.order * s.order + w.neighbour * s.neighbour + w.numbers * s.numbers
        + w.sequence * s.sequence + w.layer * s.layer - w.penalty * s.penalty;
}

/// A tower for pictures never takes the weights of one for text.
bool contradict(const Unit &from, const Unit &to)
{
    return from.modality != to.modality && from.modality != Modality::Unknown && to.modality != Modality::Unknown;
}

/// What the values of two atoms say: those of the first leaf, or of the others where the first one's say nothing.
ValuePrints::Verdict verdict(const Side &source, const Atom &a, const Side &target, const Atom &b, const ValuePrints &values)
{
    using Verdict = ValuePrints::Verdict;
    const Unit &from = source.units[a.unit], &to = target.units[b.unit];
    const auto piece = [](const Leaf &leaf, const Side &side, Part part) {
        if (side.schema->tensors[leaf.tensor].shape.size() == 1)
            part.dim = 0;
        return Piece{leaf.tensor, part};
    };
    Verdict said = values.compare(piece(from.leaves.front(), source, a.part), piece(to.leaves.front(), target, b.part));
    for (std::size_t l = 1; l < to.leaves.size() && said == Verdict::Unknown; ++l)
        if (const Leaf *leaf = from.find(to.leaves[l].kind))
            said = values.compare(piece(*leaf, source, a.part), piece(to.leaves[l], target, b.part));
    return said;
}

/// Drops everybody else where values are the same.
void keepSame(std::vector<Candidacy> &candidates, std::size_t sources, std::size_t targets)
{
    using Verdict = ValuePrints::Verdict;
    std::vector<bool> sourceKnown(sources), targetKnown(targets);
    for (const auto &c : candidates)
        if (c.values == Verdict::Same)
            sourceKnown[c.source] = targetKnown[c.target] = true;
    std::erase_if(candidates, [&](const Candidacy &c) {
        return c.values != Verdict::Same && (sourceKnown[c.source] || targetKnown[c.target]);
    });
}

/// Drops a running copy's atoms where the original has one that fits as well.
void dropTwins(std::vector<Candidacy> &candidates, const Side &source, const Side &target)
{
    constexpr float asWell = 1.0F;
    const auto isTwin = [&](const Candidacy &c) {
        return source.units[source.atoms[c.source].unit].twin && !target.units[target.atoms[c.target].unit].twin;
    };
    std::vector<float> original(target.atoms.size(), -1000.0F);
    for (const auto &c : candidates)
        if (!isTwin(c) && c.values != ValuePrints::Verdict::Different)
            original[c.target] = std::max(original[c.target], c.support.name - c.support.penalty);
    std::erase_if(candidates, [&](const Candidacy &c) {
        return c.values != ValuePrints::Verdict::Same && isTwin(c)
            && original[c.target] >= c.support.name - c.support.penalty - asWell;
    });
}

std::vector<Candidacy> allCandidates(const Side &source, const Side &target, const ValuePrints *values, const Progress &progress)
{
    const SizeClasses classes(source, target);
    const NameScores names(source, target);
    std::vector<Candidacy> candidates;
    for (std::uint32_t b = 0; b < target.atoms.size(); ++b) {
        if (b % 64 == 0)
            progress.step(b, target.atoms.size(), "comparing names and shapes");
        for (const std::uint32_t a : classes.partners(b)) {
            const Unit &from = source.units[source.atoms[a].unit], &to = target.units[target.atoms[b].unit];
            if (contradict(from, to))
                continue;
            const double cost = compatibility(source, source.atoms[a], target, target.atoms[b]);
            if (cost < 0)
                continue;
            Candidacy candidacy;
            candidacy.source = a;
            candidacy.target = b;
            candidacy.support.name = names.score(a, b);
            candidacy.support.penalty = static_cast<float>(cost + (from.twin != to.twin ? 2.0 : 0.0));
            if (values != nullptr)
                candidacy.values = verdict(source, source.atoms[a], target, target.atoms[b], *values);
            candidates.push_back(candidacy);
        }
    }
    dropTwins(candidates, source, target);
    if (values != nullptr)
        keepSame(candidates, source.atoms.size(), target.atoms.size());
    return candidates;
}

/// Beliefs from scores: each atom shares out at most 1 among its candidates and "nothing", in both directions.
void shareOut(std::vector<Candidacy> &candidates, std::size_t sources, std::size_t targets, float sharpness)
{
    std::vector<float> rowMax(sources, nothing), columnMax(targets, nothing);
    for (const auto &c : candidates) {
        rowMax[c.source] = std::max(rowMax[c.source], c.score);
        columnMax[c.target] = std::max(columnMax[c.target], c.score);
    }
    for (auto &c : candidates)
        c.belief = std::exp(sharpness * (c.score - std::min(rowMax[c.source], columnMax[c.target])));
    std::vector<float> rowNothing(sources), columnNothing(targets);
    for (std::size_t a = 0; a < sources; ++a)
        rowNothing[a] = std::exp(sharpness * (nothing - rowMax[a]));
    for (std::size_t b = 0; b < targets; ++b)
        columnNothing[b] = std::exp(sharpness * (nothing - columnMax[b]));
    for (int pass = 0; pass < 6; ++pass) {
        std::vector<float> rows = rowNothing;
        for (const auto &c : candidates)
            rows[c.source] += c.belief;
        for (auto &c : candidates)
            c.belief /= rows[c.source];
        std::vector<float> columns = columnNothing;
        for (const auto &c : candidates)
            columns[c.target] += c.belief;
        for (auto &c : candidates)
            c.belief /= columns[c.target];
    }
}

double otherLeavesCost(const Side &source, const Atom &a, const Side &target, const Atom &b)
{
    const Unit &from = source.units[a.unit], &to = target.units[b.unit];
    double cost = 0;
    for (std::size_t i = 1; i < from.leaves.size(); ++i) {
        const auto match = std::find_if(to.leaves.begin(), to.leaves.end(), [&](const Leaf &l) { return l.kind == from.leaves[i].kind; });
        if (match == to.leaves.end()) {
            cost += from.leaves[i].kind == "num_batches_tracked" ? 0 : 0.7;
            continue;
        }
        const auto leafCost = layoutCost(a.shapes[i], b.shapes[static_cast<std::size_t>(match - to.leaves.begin())]);
        if (!leafCost)
            return -1;
        cost += *leafCost;
    }
    for (std::size_t i = 1; i < to.leaves.size(); ++i)
        if (from.find(to.leaves[i].kind) == nullptr && to.leaves[i].kind != "num_batches_tracked")
            cost += 0.7;
    return cost;
}

} // namespace

double compatibility(const Side &source, const Atom &a, const Side &target, const Atom &b)
{
    const auto main = layoutCost(a.shapes.front(), b.shapes.front());
    if (!main)
        return -1;
    const Leaf &from = source.units[a.unit].leaves.front(), &to = target.units[b.unit].leaves.front();
    double cost = *main;
    // A norm's vector is no matrix of one row.
    if (from.kind == "weight" && to.kind == "weight" && (a.shapes.front().size() == 1) != (b.shapes.front().size() == 1))
        return -1;
    if (from.kind != to.kind) {
        const bool loneSource = source.units[a.unit].leaves.size() == 1, loneTarget = target.units[b.unit].leaves.size() == 1;
        if (!(loneSource || loneTarget))
            return -1;
        cost += from.kind == "bias" || to.kind == "bias" ? 1.5 : 0.2;
    }
    const double rest = otherLeavesCost(source, a, target, b);
    return rest < 0 ? -1 : cost + rest;
}

std::vector<Candidacy> believe(const Side &source, const Side &target, const ValuePrints *values, const Progress &progress)
{
    std::vector<Candidacy> candidates = allCandidates(source, target, values, progress.part(0, 0.3));
    Neighbourhood around(source, target, candidates);
    BlockSequence sequence(source, target, candidates);
    Weights weights;
    if (source.alphabetical || target.alphabetical) {
        weights.neighbour = 0;
    }
    for (auto &c : candidates)
        c.score = total(c, weights);
    const Progress rest = progress.part(0.3, 1);
    for (int round = 0; round < rounds; ++round) {
        rest.step(static_cast<std::uint64_t>(round), rounds, "matching modules");
        const float sharpness = round < 4 ? 0.6F : 1.0F;
        shareOut(candidates, source.atoms.size(), target.atoms.size(), sharpness);
        around.support(candidates);
        sequence.support(candidates);
        for (auto &c : candidates)
            c.score = total(c, weights);
    }
    shareOut(candidates, source.atoms.size(), target.atoms.size(), 1.0F);
    std::stable_sort(candidates.begin(), candidates.end(), [](const Candidacy &a, const Candidacy &b) {
        return a.target != b.target ? a.target < b.target : a.belief > b.belief;
    });
    return candidates;
}

} // namespace rekey
