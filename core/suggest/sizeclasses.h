// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace rekey {

/// Which atoms of the source an atom of the target is weighed against: all with as many elements. Where that were
/// millions of pairs (a hundred thousand tensors of one size), those at about the same place among their equals, and
/// those with the same numbers in their names, so that time grows with the number of tensors.
class SizeClasses
{
public:
    SizeClasses(const Side &source, const Side &target);
    /// Ascending.
    std::vector<std::uint32_t> partners(std::uint32_t target) const;

private:
    struct Members
    {
        std::vector<std::uint32_t> sources;
        std::uint64_t targets = 0;
        std::unordered_map<std::string, std::vector<std::uint32_t>> byNumbers; ///< filled only where there are too many
    };
    const Side &m_target;
    std::unordered_map<std::uint64_t, Members> m_classes; ///< by elements
    std::vector<std::uint64_t> m_rank;                    ///< of each target atom among its equals
    bool m_all = true;
};

} // namespace rekey
