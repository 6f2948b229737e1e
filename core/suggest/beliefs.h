// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/suggest/atoms.h"
#include "core/suggest/valueprints.h"

#include <cstdint>
#include <vector>

namespace rekey {

inline constexpr std::uint32_t noAtom = 0xFFFFFFFF;

/// What speaks for a pair of atoms, each about 0..1 (name: log-odds).
struct Support
{
    float name = 0;      ///< words in common against words that tell them apart
    float penalty = 0;   ///< unusual layout, leaves that one side lacks
    float group = 0;     ///< modules around them that go together
    float pattern = 0;   ///< the same pair of templates in other blocks
    float order = 0;     ///< on the best alignment of the two files' orders
    float neighbour = 0; ///< what stands before and after goes together
    float numbers = 0;   ///< numbers in the names correspond
    float layer = 0;     ///< of batch norms: the convolutions before them go together
    float sequence = 0;  ///< numbered modules around both come in the same turn
};

/// An atom of the source that may be an atom of the target.
struct Candidacy
{
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    Support support;
    ValuePrints::Verdict values = ValuePrints::Verdict::Unknown;
    float score = 0; ///< log-odds
    float belief = 0;
};

/// Belief in every possible pair of atoms, from names, structure and order together: each pair is supported by
/// what its surroundings support, again and again until they agree (relaxation labelling: Rosenfeld, Hummel, Zucker
/// 1976; the propagation through modules is that of similarity flooding, Melnik et al. 2002).
/// Sorted by target, then by belief, best first.
/// With values (may be null): who has the same values is the only candidate.
std::vector<Candidacy> believe(const Side &source, const Side &target, const ValuePrints *values, const Progress &progress);

/// Shapes of all leaves that both have can be brought into each other: cost; negative when they cannot.
double compatibility(const Side &source, const Atom &a, const Side &target, const Atom &b);

} // namespace rekey
