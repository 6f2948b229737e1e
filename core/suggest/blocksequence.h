// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/beliefs.h"

#include <cstdint>
#include <vector>

namespace rekey {

/// Numbered modules come in turn: where "input_blocks.{n}" goes to "down_blocks.{i}.resnets.{j}", a later n goes to a later
/// (i, j), or, more rarely, to an earlier i. Numbers tell this in every file, whatever the order of its keys.
class BlockSequence
{
public:
    BlockSequence(const Side &source, const Side &target, const std::vector<Candidacy> &candidates);
    /// Fills Support::sequence from the beliefs: 1 where all numbered modules around both lie on the heaviest chains.
    void support(std::vector<Candidacy> &candidates);

private:
    /// A module of the source and one of the target, both by their turn within their template.
    struct Cell
    {
        std::uint32_t source = 0, target = 0;
        float belief = 0;
        bool onChain = false;
    };
    /// A template of the source and one of the target, e.g. "features.{}" and "blocks.{}.{}".
    struct Sequence
    {
        std::vector<Cell> cells; ///< by source, then target
        std::uint32_t sourceTemplate = 0, targetTemplate = 0;
        float quality = 0; ///< how much of the belief in either template lies on the chain
    };
    struct Member { std::uint32_t sequence, cell; };

    void findChain(Sequence &sequence) const;

    std::vector<Sequence> m_sequences;
    std::vector<std::uint32_t> m_firstMember;  ///< by candidate, into m_members; one more at the end
    std::vector<Member> m_members;             ///< source modules from the outside in, for each the target's
    std::vector<std::uint32_t> m_sourceLevels; ///< by candidate: numbered modules around the source
    std::vector<std::vector<std::uint32_t>> m_turnedRound; ///< by target template and turn: its turn if the first number fell
    std::vector<float> m_sourceBelief, m_targetBelief; ///< by template
};

} // namespace rekey
