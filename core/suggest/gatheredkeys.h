// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/suggest.h"

#include <span>
#include <string>
#include <vector>

namespace rekey {

/// Pairings that stack or unstack keys that are alike but for one number ("experts.0.w", "experts.1.w" …), seen as pairings of single
/// keys with a mark in that number's place, so that rules can be found for them as for any other. Only where the keys are all there are
/// of their kind: a variable that gathers takes every number.
class GatheredKeys
{
public:
    GatheredKeys(std::span<const Pairing> pairings, const Schema &source, const Schema &target);

    /// As given, but for the keys that were seen as one.
    std::span<const Pairing> pairings() const { return m_pairings; }
    const Schema &source() const { return m_source; }
    const Schema &target() const { return m_target; }

    /// Patterns of a rule, a variable in the mark's place.
    static void restore(std::vector<std::string> &sources, std::vector<std::string> &targets);

private:
    std::vector<Pairing> m_pairings;
    Schema m_source, m_target;
};

/// Whether there is anything to gather.
bool gathersKeys(std::span<const Pairing> pairings);

} // namespace rekey
