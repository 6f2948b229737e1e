// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/beliefs.h"
#include "core/suggest/suggest.h"

#include <map>
#include <string>
#include <vector>

namespace rekey {

/// A pair of atoms that was chosen, and how it stands against its rivals.
struct Match
{
    std::uint32_t source = 0;
    std::uint32_t target = 0;
    double confidence = 0;
    Support support;
    std::uint32_t rivals = 0;       ///< other sources of usual shape that it might have been
    std::uint32_t runnerUp = noAtom; ///< second best source
    double runnerUpBelief = 0;
    ValuePrints::Verdict values = ValuePrints::Verdict::Unknown;
    std::string doubt;              ///< why it is not sure, in words
};

/// One partner for each atom, best beliefs first.
std::vector<Match> chooseMatches(const Side &source, const Side &target, const std::vector<Candidacy> &candidates);

/// Tensors that become tensors: the leaves of matched units, parts joined or split, layouts chosen.
std::vector<Pairing> pairTensors(const Side &source, const Side &target, const std::vector<Match> &matches);

/// Leaves left on both sides that are the only ones of their kind and shape, and whose names share a word.
void pairLoneLeaves(const Side &source, const Side &target, std::vector<Pairing> &pairings);

/// Targets left open that commonly share a filled target's storage, or repeat it (see Lexicon::tied).
void fillTied(const Side &source, const Side &target, std::vector<Pairing> &pairings);

struct TensorMatches
{
    struct Rival { std::uint32_t source; Transform transform; double belief; };
    using Rivals = std::vector<Rival>;

    std::vector<Pairing> pairings;
    std::vector<Pairing> questions; ///< would make new values: for targets that no pairing fills
    std::map<std::uint32_t, Rivals> rivals; ///< by target tensor: what else it might take, best first
};

/// All of the above. Tensors marked in the two skip lists are left alone.
TensorMatches matchTensors(const Schema &source, const Schema &target, const std::vector<bool> &skipSource,
                           const std::vector<bool> &skipTarget, const ValuePrints *values, const Progress &progress);

} // namespace rekey
