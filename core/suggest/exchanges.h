// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/matcher.h"

#include <vector>

namespace rekey {

/// Lowers the confidence of matches that could as well be exchanged with another one: where neither a name nor a number tells the
/// two apart, only the order in which the files list them does. That is right mostly, not always ("w1, w2" are gate and up in one
/// model, up and gate in another), and in a file sorted by name it says nothing.
void doubtExchangeable(const Side &source, const Side &target, const std::vector<Candidacy> &candidates, std::vector<Match> &matches);

} // namespace rekey
