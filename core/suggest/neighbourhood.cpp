// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/neighbourhood.h"

#include "core/suggest/layersofnorms.h"
#include "core/suggest/prefixmaximum.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <unordered_map>

namespace rekey {

namespace {

bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// Path with its numbers lifted out; where each number stands, and its value.
struct Lifted
{
    std::string text;
    std::string tail; ///< below the last segment that is a number
    std::vector<std::pair<std::string, std::int32_t>> numbers;
};

Lifted lift(const std::vector<std::string> &segments, int part)
{
    Lifted lifted;
    for (const auto &segment : segments) {
        for (std::size_t i = 0; i < segment.size();) {
            if (!isDigit(segment[i])) {
                lifted.text += segment[i];
                lifted.tail += segment[i++];
                continue;
            }
            std::int64_t value = 0;
            const std::size_t begin = i;
            for (; i < segment.size() && isDigit(segment[i]); ++i)
                value = std::min<std::int64_t>(value * 10 + (segment[i] - '0'), 1'000'000'000);
            lifted.text += "{}";
            lifted.numbers.emplace_back(lifted.text, static_cast<std::int32_t>(value));
            if (begin == 0 && i == segment.size())
                lifted.tail.clear();
            else
                lifted.tail.append(segment, begin, i - begin);
        }
        lifted.text += '.';
        lifted.tail += '.';
    }
    if (part >= 0) {
        lifted.text += '#' + std::to_string(part);
        lifted.tail += '#' + std::to_string(part);
    }
    return lifted;
}

struct ModuleNode
{
    std::map<std::string, std::size_t> children;
    std::size_t parent = 0;
    std::vector<std::uint32_t> atoms;
    std::uint32_t group = noAtom;
};

void groupModules(const Side &side, Groups &groups)
{
    std::vector<ModuleNode> nodes(1);
    std::vector<std::vector<std::size_t>> paths(side.atoms.size());
    for (std::uint32_t a = 0; a < side.atoms.size(); ++a) {
        std::size_t node = 0;
        for (const auto &segment : side.units[side.atoms[a].unit].segments) {
            const auto [child, isNew] = nodes[node].children.emplace(segment, nodes.size());
            const std::size_t next = child->second;
            if (isNew) {
                nodes.emplace_back();
                nodes.back().parent = node;
            }
            node = next;
            nodes[node].atoms.push_back(a);
            paths[a].push_back(node);
        }
    }
    nodes[0].group = noAtom;
    groups.modulesOf.resize(side.atoms.size());
    for (std::uint32_t a = 0; a < side.atoms.size(); ++a) {
        for (const std::size_t node : paths[a]) {
            ModuleNode &n = nodes[node];
            if (n.atoms.size() < 2 || n.atoms.size() == side.atoms.size())
                continue;
            if (n.group == noAtom) {
                const ModuleNode &parent = nodes[n.parent];
                // A chain of single children is one module.
                if (parent.group != noAtom && parent.atoms.size() == n.atoms.size()) {
                    n.group = parent.group;
                } else {
                    n.group = static_cast<std::uint32_t>(groups.moduleAtoms.size());
                    groups.moduleAtoms.push_back(n.atoms);
                }
            }
            auto &list = groups.modulesOf[a];
            if (list.empty() || list.back() != n.group)
                list.push_back(n.group);
        }
    }
}

Groups makeGroups(const Side &side)
{
    Groups groups;
    groupModules(side, groups);
    std::unordered_map<std::string, std::uint32_t> templates, tails, slots;
    std::vector<std::int32_t> firstValue;
    const auto number = [](auto &ids, const std::string &text) {
        return ids.emplace(text, static_cast<std::uint32_t>(ids.size())).first->second;
    };
    for (const auto &atom : side.atoms) {
        const Lifted lifted = lift(side.units[atom.unit].segments, atom.part.index);
        groups.templateOf.push_back(number(templates, lifted.text));
        groups.tailOf.push_back(number(tails, lifted.tail));
        auto &slotList = groups.slotsOf.emplace_back();
        for (const auto &[where, value] : lifted.numbers) {
            const std::uint32_t id = number(slots, where);
            if (id == firstValue.size()) {
                firstValue.push_back(value);
                groups.slotVaries.push_back(false);
            }
            if (firstValue[id] != value)
                groups.slotVaries[id] = true;
            slotList.push_back({id, value});
        }
    }
    groups.templateSize.assign(templates.size(), 0);
    groups.tailSize.assign(tails.size(), 0);
    for (std::size_t a = 0; a < side.atoms.size(); ++a) {
        ++groups.templateSize[groups.templateOf[a]];
        ++groups.tailSize[groups.tailOf[a]];
    }
    return groups;
}

std::vector<bool> sharedPositions(const Side &side)
{
    std::vector<std::uint32_t> counts;
    for (const auto &atom : side.atoms) {
        counts.resize(std::max<std::size_t>(counts.size(), atom.position + 1));
        ++counts[atom.position];
    }
    std::vector<bool> shared;
    for (const auto count : counts)
        shared.push_back(count > 1);
    return shared;
}

} // namespace

Neighbourhood::Neighbourhood(const Side &source, const Side &target, const std::vector<Candidacy> &candidates)
    : m_source(makeGroups(source))
    , m_target(makeGroups(target))
    , m_sources(source.atoms.size())
    , m_targets(target.atoms.size())
    , m_bySource(m_sources)
    , m_byTarget(m_targets)
    , m_before(candidates.size(), noAtom)
    , m_after(candidates.size(), noAtom)
    , m_layer(candidates.size(), noAtom)
{
    const auto layersOfSource = layersOfNorms(source), layersOfTarget = layersOfNorms(target);
    std::unordered_map<std::uint64_t, std::uint32_t> index;
    index.reserve(candidates.size());
    const auto pairId = [](std::uint64_t a, std::uint64_t b) { return a << 32 | b; };
    for (std::uint32_t c = 0; c < candidates.size(); ++c) {
        m_bySource[candidates[c].source].push_back(c);
        m_byTarget[candidates[c].target].push_back(c);
        index.emplace(pairId(candidates[c].source, candidates[c].target), c);
    }
    for (std::uint32_t c = 0; c < candidates.size(); ++c) {
        const auto &[a, b] = std::pair(candidates[c].source, candidates[c].target);
        if (a > 0 && b > 0)
            if (const auto before = index.find(pairId(a - 1, b - 1)); before != index.end())
                m_before[c] = before->second;
        if (const auto after = index.find(pairId(a + 1, b + 1)); after != index.end())
            m_after[c] = after->second;
        if (layersOfSource[a] != noAtom && layersOfTarget[b] != noAtom)
            if (const auto other = index.find(pairId(layersOfSource[a], layersOfTarget[b])); other != index.end())
                m_layer[c] = other->second;
    }
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> cells;
    for (std::uint32_t c = 0; c < candidates.size(); ++c)
        cells[{source.atoms[candidates[c].source].position, target.atoms[candidates[c].target].position}].push_back(c);
    for (auto &[where, members] : cells) {
        m_cells.push_back({where.first, where.second, std::move(members)});
        m_positions = std::max<std::size_t>(m_positions, where.second + 1);
    }
    m_sharedSource = sharedPositions(source);
    m_sharedTarget = sharedPositions(target);
}

void Neighbourhood::support(std::vector<Candidacy> &candidates) const
{
    supportModules(candidates);
    supportPatterns(candidates);
    supportOrder(candidates);
    supportNeighbours(candidates);
    supportNumbers(candidates);
}

void Neighbourhood::supportModules(std::vector<Candidacy> &candidates) const
{
    for (auto &c : candidates)
        c.support.group = 0;
    const auto pass = [&](const Groups &mine, const Groups &theirs, const auto &byMine, bool isSource) {
        std::vector<float> shared(theirs.moduleAtoms.size(), 0.0F);
        std::vector<std::uint32_t> touched;
        for (std::size_t g = 0; g < mine.moduleAtoms.size(); ++g) {
            for (const std::uint32_t atom : mine.moduleAtoms[g]) {
                for (const std::uint32_t c : byMine[atom]) {
                    const std::uint32_t other = isSource ? candidates[c].target : candidates[c].source;
                    for (const std::uint32_t h : theirs.modulesOf[other]) {
                        if (shared[h] == 0.0F)
                            touched.push_back(h);
                        shared[h] += candidates[c].belief + 1e-9F;
                    }
                }
            }
            const auto size = static_cast<float>(mine.moduleAtoms[g].size());
            for (const std::uint32_t h : touched)
                shared[h] /= std::max(size, static_cast<float>(theirs.moduleAtoms[h].size()));
            for (const std::uint32_t atom : mine.moduleAtoms[g]) {
                const auto levels = static_cast<float>(mine.modulesOf[atom].size());
                for (const std::uint32_t c : byMine[atom]) {
                    const std::uint32_t other = isSource ? candidates[c].target : candidates[c].source;
                    float best = 0;
                    for (const std::uint32_t h : theirs.modulesOf[other])
                        best = std::max(best, shared[h]);
                    candidates[c].support.group += 0.5F * best / levels;
                }
            }
            for (const std::uint32_t h : touched)
                shared[h] = 0;
            touched.clear();
        }
    };
    pass(m_source, m_target, m_bySource, true);
    pass(m_target, m_source, m_byTarget, false);
}

void Neighbourhood::supportPatterns(std::vector<Candidacy> &candidates) const
{
    std::unordered_map<std::uint64_t, float> templates, tails;
    const auto pairId = [](std::uint64_t a, std::uint64_t b) { return a << 32 | b; };
    for (const auto &c : candidates) {
        templates[pairId(m_source.templateOf[c.source], m_target.templateOf[c.target])] += c.belief;
        tails[pairId(m_source.tailOf[c.source], m_target.tailOf[c.target])] += c.belief;
    }
    for (auto &c : candidates) {
        const std::uint32_t a = m_source.templateOf[c.source], b = m_target.templateOf[c.target];
        const std::uint32_t s = m_source.tailOf[c.source], t = m_target.tailOf[c.target];
        const auto larger = [](std::uint32_t x, std::uint32_t y) { return static_cast<float>(std::max(x, y)); };
        c.support.pattern = 0.5F * templates[pairId(a, b)] / larger(m_source.templateSize[a], m_target.templateSize[b])
            + 0.5F * tails[pairId(s, t)] / larger(m_source.tailSize[s], m_target.tailSize[t]);
    }
}

void Neighbourhood::supportOrder(std::vector<Candidacy> &candidates) const
{
    // The heaviest chain of position pairs that ascends on both sides. Where several atoms share a position it may stay
    // there on one side, for less: a block that is one position here can be several there.
    constexpr float staying = 0.4F;
    using Best = std::pair<float, std::uint32_t>;
    PrefixMaximum best(m_positions);
    std::vector<Best> bestAt(m_positions, {0.0F, noAtom});
    std::vector<std::uint32_t> previous(m_cells.size(), noAtom);
    std::vector<float> values(m_cells.size(), 0.0F);
    Best end{0.0F, noAtom};
    for (std::uint32_t begin = 0; begin < m_cells.size();) {
        std::uint32_t stop = begin;
        Best inRow{0.0F, noAtom};
        for (; stop < m_cells.size() && m_cells[stop].source == m_cells[begin].source; ++stop) {
            const Cell &cell = m_cells[stop];
            float weight = 0.02F;
            for (const std::uint32_t c : cell.candidates)
                weight += candidates[c].belief;
            const auto [sum, before] = best.before(cell.target);
            Best value{sum + weight, before};
            if (m_sharedTarget[cell.target] && bestAt[cell.target].first + staying * weight > value.first)
                value = {bestAt[cell.target].first + staying * weight, bestAt[cell.target].second};
            if (m_sharedSource[cell.source] && inRow.first + staying * weight > value.first)
                value = {inRow.first + staying * weight, inRow.second};
            values[stop] = value.first;
            previous[stop] = value.second;
            inRow = std::max(inRow, Best{value.first, stop}, [](const Best &x, const Best &y) { return x.first < y.first; });
            if (value.first > end.first)
                end = {value.first, stop};
        }
        for (std::uint32_t cell = begin; cell < stop; ++cell) {
            best.raise(m_cells[cell].target, values[cell], cell);
            if (values[cell] > bestAt[m_cells[cell].target].first)
                bestAt[m_cells[cell].target] = {values[cell], cell};
        }
        begin = stop;
    }
    for (auto &c : candidates)
        c.support.order = 0;
    for (std::uint32_t cell = end.second; cell != noAtom; cell = previous[cell])
        for (const std::uint32_t c : m_cells[cell].candidates)
            candidates[c].support.order = 1;
}

void Neighbourhood::supportNeighbours(std::vector<Candidacy> &candidates) const
{
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        float sum = 0;
        if (m_before[c] != noAtom)
            sum += 0.5F * candidates[m_before[c]].belief;
        if (m_after[c] != noAtom)
            sum += 0.5F * candidates[m_after[c]].belief;
        candidates[c].support.neighbour = sum;
        candidates[c].support.layer = m_layer[c] == noAtom ? 0.0F : candidates[m_layer[c]].belief;
    }
}

void Neighbourhood::supportNumbers(std::vector<Candidacy> &candidates) const
{
    struct Relation { float total = 0; std::unordered_map<std::int32_t, float> difference, sum; };
    std::unordered_map<std::uint64_t, Relation> relations;
    const auto pairId = [](std::uint64_t a, std::uint64_t b) { return a << 32 | b; };
    const auto eachPair = [&](const Candidacy &c, const auto &visit) {
        for (const auto &s : m_source.slotsOf[c.source])
            for (const auto &t : m_target.slotsOf[c.target])
                if (m_source.slotVaries[s.id] && m_target.slotVaries[t.id])
                    visit(s, t);
    };
    for (const auto &c : candidates) {
        if (c.belief < 0.001F)
            continue;
        eachPair(c, [&](const Groups::Slot &s, const Groups::Slot &t) {
            Relation &relation = relations[pairId(s.id, t.id)];
            relation.total += c.belief;
            relation.difference[s.value - t.value] += c.belief;
            relation.sum[s.value + t.value] += c.belief;
        });
    }
    for (auto &c : candidates) {
        c.support.numbers = 0;
        float slots = 0;
        std::uint32_t current = noAtom;
        float best = 0;
        eachPair(c, [&](const Groups::Slot &s, const Groups::Slot &t) {
            if (s.id != current) {
                c.support.numbers += best;
                best = 0;
                ++slots;
                current = s.id;
            }
            const auto relation = relations.find(pairId(s.id, t.id));
            if (relation == relations.end() || relation->second.total <= 0)
                return;
            const auto share = [&](const auto &histogram, std::int32_t value) {
                const auto entry = histogram.find(value);
                return entry == histogram.end() ? 0.0F : entry->second / relation->second.total;
            };
            const float same = share(relation->second.difference, s.value - t.value) * (s.value == t.value ? 1.0F : 0.85F);
            best = std::max({best, same, 0.7F * share(relation->second.sum, s.value + t.value)});
        });
        c.support.numbers += best;
        if (slots > 0)
            c.support.numbers /= slots;
    }
}

} // namespace rekey
