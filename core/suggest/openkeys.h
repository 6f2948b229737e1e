// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/suggest.h"

#include <vector>

namespace rekey {

/// Rules for keys that no pairing touches and whose absence can be explained: sources to drop (computed buffers, heads
/// and running copies that the target lacks), targets to keep as they are (computed buffers). Others stay open.
std::vector<Rule> explainOpenKeys(const Schema &source, const Schema &target, const std::vector<bool> &usedSource,
                                  const std::vector<bool> &filledTarget);

} // namespace rekey
