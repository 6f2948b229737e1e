// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"

#include <cstdint>
#include <vector>

namespace rekey {

/// Compares the words of two atoms. A word counts the more, the fewer atoms have it; one that only one side ever uses
/// counts next to nothing; words that differ but say the same (lexicon synonyms, common beginnings) are made equal first.
class NameScores
{
public:
    NameScores(const Side &source, const Side &target);
    /// Log-odds, about -4..6.
    float score(std::uint32_t sourceAtom, std::uint32_t targetAtom) const;

private:
    std::vector<std::vector<std::uint32_t>> m_source, m_target; ///< sorted word ids by atom
    std::vector<float> m_weight;                                ///< by word id; 0 where one side lacks it
    std::vector<float> m_strange;                               ///< of those: how much plainer names are preferred
};

} // namespace rekey
