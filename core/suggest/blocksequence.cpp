// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/blocksequence.h"

#include "core/suggest/numbering.h"
#include "core/suggest/prefixmaximum.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

namespace rekey {

namespace {

constexpr std::size_t mostLevels = 4;

/// One side's numbered modules.
struct NumberedModules
{
    struct Place { std::uint32_t templateId, turn; };
    std::vector<std::vector<Place>> ofAtom; ///< outermost first
    std::vector<std::vector<std::uint32_t>> turnedRound; ///< by template and turn: the turn if the first number that varies fell
};

using Numbers = std::vector<std::uint64_t>;

/// Calls visit(template, numbers) after every number of a path, with all of the segment it stands in.
template <typename Visit>
void eachNumberedModule(const std::vector<std::string> &segments, const Visit &visit)
{
    std::string text;
    Numbers numbers;
    for (const auto &segment : segments) {
        const std::size_t before = numbers.size();
        const Numbering own = numberingOf(segment);
        text += own.text;
        numbers.insert(numbers.end(), own.numbers.begin(), own.numbers.end());
        if (numbers.size() > before)
            visit(text, numbers);
        text += '.';
    }
}

std::vector<std::uint32_t> turnRound(const std::map<Numbers, std::uint32_t> &members)
{
    const Numbers &least = members.begin()->first, &greatest = members.rbegin()->first;
    const auto varies = static_cast<std::size_t>(std::mismatch(least.begin(), least.end(), greatest.begin()).first - least.begin());
    std::vector<const std::pair<const Numbers, std::uint32_t> *> order;
    for (const auto &member : members)
        order.push_back(&member);
    std::stable_sort(order.begin(), order.end(), [&](const auto *x, const auto *y) {
        return varies < least.size() && x->first[varies] > y->first[varies];
    });
    std::vector<std::uint32_t> result(members.size());
    for (std::uint32_t n = 0; n < order.size(); ++n)
        result[order[n]->second] = n;
    return result;
}

NumberedModules numberedModules(const Side &side)
{
    NumberedModules result;
    std::unordered_map<std::string, std::uint32_t> ids;
    std::vector<std::map<Numbers, std::uint32_t>> turns; // by template
    for (const auto &unit : side.units)
        eachNumberedModule(unit.segments, [&](const std::string &text, const Numbers &numbers) {
            const auto [entry, isNew] = ids.emplace(text, static_cast<std::uint32_t>(turns.size()));
            if (isNew)
                turns.emplace_back();
            turns[entry->second].emplace(numbers, 0);
        });
    for (auto &members : turns) {
        std::uint32_t turn = 0;
        for (auto &[numbers, place] : members)
            place = turn++;
        result.turnedRound.push_back(turnRound(members));
    }
    std::vector<std::vector<NumberedModules::Place>> ofUnit;
    for (const auto &unit : side.units) {
        auto &places = ofUnit.emplace_back();
        eachNumberedModule(unit.segments, [&](const std::string &text, const Numbers &numbers) {
            const std::uint32_t id = ids.at(text);
            if (result.turnedRound[id].size() > 1 && places.size() < mostLevels)
                places.push_back({id, turns[id].at(numbers)});
        });
    }
    for (const auto &atom : side.atoms)
        result.ofAtom.push_back(ofUnit[atom.unit]);
    return result;
}

} // namespace

BlockSequence::BlockSequence(const Side &source, const Side &target, const std::vector<Candidacy> &candidates)
{
    NumberedModules from = numberedModules(source), to = numberedModules(target);
    m_sourceBelief.resize(from.turnedRound.size());
    m_targetBelief.resize(to.turnedRound.size());
    std::unordered_map<std::uint64_t, std::uint32_t> sequenceIds;
    std::vector<std::unordered_map<std::uint64_t, std::uint32_t>> cellIds;
    const auto pairId = [](std::uint64_t a, std::uint64_t b) { return a << 32 | b; };
    for (const auto &c : candidates) {
        m_firstMember.push_back(static_cast<std::uint32_t>(m_members.size()));
        m_sourceLevels.push_back(static_cast<std::uint32_t>(from.ofAtom[c.source].size()));
        for (const auto &a : from.ofAtom[c.source])
            for (const auto &b : to.ofAtom[c.target]) {
                const auto [entry, isNew]
                    = sequenceIds.emplace(pairId(a.templateId, b.templateId), static_cast<std::uint32_t>(m_sequences.size()));
                if (isNew) {
                    m_sequences.push_back({{}, a.templateId, b.templateId, 0});
                    cellIds.emplace_back();
                }
                Sequence &sequence = m_sequences[entry->second];
                const auto [cell, newCell]
                    = cellIds[entry->second].emplace(pairId(a.turn, b.turn), static_cast<std::uint32_t>(sequence.cells.size()));
                if (newCell)
                    sequence.cells.push_back({a.turn, b.turn, 0, false});
                m_members.push_back({entry->second, cell->second});
            }
    }
    m_firstMember.push_back(static_cast<std::uint32_t>(m_members.size()));
    m_turnedRound = std::move(to.turnedRound);
    // Cells in the order in which chains are found; members follow.
    std::vector<std::vector<std::uint32_t>> moved(m_sequences.size());
    for (std::size_t s = 0; s < m_sequences.size(); ++s) {
        auto &cells = m_sequences[s].cells;
        std::vector<std::uint32_t> order(cells.size());
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(), [&](std::uint32_t x, std::uint32_t y) {
            return std::pair(cells[x].source, cells[x].target) < std::pair(cells[y].source, cells[y].target);
        });
        moved[s].resize(cells.size());
        std::vector<Cell> sorted;
        for (std::uint32_t n = 0; n < order.size(); ++n) {
            sorted.push_back(cells[order[n]]);
            moved[s][order[n]] = n;
        }
        cells = std::move(sorted);
    }
    for (auto &member : m_members)
        member.cell = moved[member.sequence][member.cell];
}

void BlockSequence::findChain(Sequence &sequence) const
{
    // A descending order must explain clearly more than an ascending one.
    constexpr float muchMore = 1.15F;
    auto &cells = sequence.cells;
    const auto &turned = m_turnedRound[sequence.targetTemplate];
    std::vector<std::uint32_t> previous[2];
    std::pair<float, std::uint32_t> end[2] = {{0.0F, noAtom}, {0.0F, noAtom}};
    for (const int direction : {0, 1}) {
        const auto place = [&](const Cell &cell) { return direction == 0 ? cell.target : turned[cell.target]; };
        PrefixMaximum best(turned.size());
        previous[direction].assign(cells.size(), noAtom);
        std::vector<float> sums(cells.size());
        for (std::size_t begin = 0; begin < cells.size();) {
            std::size_t stop = begin;
            for (; stop < cells.size() && cells[stop].source == cells[begin].source; ++stop) {
                const auto [sum, before] = best.before(place(cells[stop]));
                sums[stop] = sum + cells[stop].belief;
                previous[direction][stop] = before;
                if (sums[stop] > end[direction].first)
                    end[direction] = {sums[stop], static_cast<std::uint32_t>(stop)};
            }
            for (std::size_t cell = begin; cell < stop; ++cell)
                best.raise(place(cells[cell]), sums[cell], static_cast<std::uint32_t>(cell));
            begin = stop;
        }
    }
    const int direction = end[1].first > muchMore * end[0].first ? 1 : 0;
    for (auto &cell : cells)
        cell.onChain = false;
    for (std::uint32_t cell = end[direction].second; cell != noAtom; cell = previous[direction][cell])
        cells[cell].onChain = true;
    // Against what a free choice would take for each module, times how much the two templates have to do with each other.
    float all = 0, bySource = 0, byTarget = 0;
    std::vector<float> most(turned.size(), 0.0F);
    for (std::size_t begin = 0; begin < cells.size();) {
        float best = 0;
        std::size_t stop = begin;
        for (; stop < cells.size() && cells[stop].source == cells[begin].source; ++stop) {
            all += cells[stop].belief;
            best = std::max(best, cells[stop].belief);
            most[cells[stop].target] = std::max(most[cells[stop].target], cells[stop].belief);
        }
        bySource += best;
        begin = stop;
    }
    byTarget = std::accumulate(most.begin(), most.end(), 0.0F);
    const float either = std::min(m_sourceBelief[sequence.sourceTemplate], m_targetBelief[sequence.targetTemplate]);
    const float related = either > 0 ? std::min(1.0F, all / either) : 0.0F;
    sequence.quality = related * end[direction].first / std::max({bySource, byTarget, 1e-6F});
}

void BlockSequence::support(std::vector<Candidacy> &candidates)
{
    for (auto &sequence : m_sequences)
        for (auto &cell : sequence.cells)
            cell.belief = 0;
    std::fill(m_sourceBelief.begin(), m_sourceBelief.end(), 0.0F);
    std::fill(m_targetBelief.begin(), m_targetBelief.end(), 0.0F);
    const auto levels = [&](std::size_t c) {
        const std::uint32_t members = m_firstMember[c + 1] - m_firstMember[c];
        return std::pair(m_sourceLevels[c], members == 0 ? 0 : members / m_sourceLevels[c]);
    };
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        const auto [from, to] = levels(c);
        for (std::uint32_t m = m_firstMember[c]; m < m_firstMember[c + 1]; ++m) {
            Sequence &sequence = m_sequences[m_members[m].sequence];
            sequence.cells[m_members[m].cell].belief += candidates[c].belief + 1e-6F;
            const std::uint32_t member = m - m_firstMember[c];
            if (member % to == 0)
                m_sourceBelief[sequence.sourceTemplate] += candidates[c].belief;
            if (member < to)
                m_targetBelief[sequence.targetTemplate] += candidates[c].belief;
        }
    }
    for (auto &sequence : m_sequences)
        findChain(sequence);
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        const auto [from, to] = levels(c);
        float bySource[mostLevels] = {}, byTarget[mostLevels] = {};
        for (std::uint32_t m = m_firstMember[c]; m < m_firstMember[c + 1]; ++m) {
            const Sequence &sequence = m_sequences[m_members[m].sequence];
            const float value = sequence.cells[m_members[m].cell].onChain ? sequence.quality : 0.0F;
            const std::uint32_t member = m - m_firstMember[c];
            bySource[member / to] = std::max(bySource[member / to], value);
            byTarget[member % to] = std::max(byTarget[member % to], value);
        }
        float sum = 0;
        for (std::uint32_t level = 0; level < from; ++level)
            sum += 0.5F * bySource[level] / static_cast<float>(from);
        for (std::uint32_t level = 0; level < to; ++level)
            sum += 0.5F * byTarget[level] / static_cast<float>(to);
        candidates[c].support.sequence = sum;
    }
}

} // namespace rekey
