// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/beliefs.h"

#include <cstdint>
#include <vector>

namespace rekey {

/// Groups of one side's atoms: modules (all atoms below a path), templates (the same path with other numbers),
/// and the numbers in their names.
struct Groups
{
    std::vector<std::vector<std::uint32_t>> modulesOf;  ///< by atom: modules around it, outermost first
    std::vector<std::vector<std::uint32_t>> moduleAtoms;
    std::vector<std::uint32_t> templateOf;              ///< whole path
    std::vector<std::uint32_t> templateSize;
    std::vector<std::uint32_t> tailOf;                  ///< path below the last number that is a segment
    std::vector<std::uint32_t> tailSize;
    struct Slot { std::uint32_t id; std::int32_t value; };
    std::vector<std::vector<Slot>> slotsOf;             ///< numbers, each with where it stands
    std::vector<bool> slotVaries;                       ///< by slot id: more than one value occurs
};

/// Computes what a pair of atoms is told by its surroundings.
class Neighbourhood
{
public:
    Neighbourhood(const Side &source, const Side &target, const std::vector<Candidacy> &candidates);
    /// Fills group, pattern, order, neighbour, layer and numbers of each candidate from the beliefs.
    void support(std::vector<Candidacy> &candidates) const;

private:
    void supportModules(std::vector<Candidacy> &candidates) const;
    void supportPatterns(std::vector<Candidacy> &candidates) const;
    void supportOrder(std::vector<Candidacy> &candidates) const;
    void supportNeighbours(std::vector<Candidacy> &candidates) const;
    void supportNumbers(std::vector<Candidacy> &candidates) const;

    Groups m_source, m_target;
    std::size_t m_sources = 0, m_targets = 0;
    std::vector<std::vector<std::uint32_t>> m_bySource;      ///< candidate indices
    std::vector<std::vector<std::uint32_t>> m_byTarget;
    std::vector<std::uint32_t> m_before, m_after;            ///< candidate of the pair's neighbours, or noAtom
    std::vector<std::uint32_t> m_layer;                      ///< of two norms: candidate of the layers before them, or noAtom
    struct Cell { std::uint32_t source, target; std::vector<std::uint32_t> candidates; }; ///< positions of both sides
    std::vector<Cell> m_cells;                               ///< by source, then target, ascending
    std::vector<bool> m_sharedSource, m_sharedTarget;        ///< by position: whether several atoms have it
    std::size_t m_positions = 1;                             ///< of the target
};

} // namespace rekey
