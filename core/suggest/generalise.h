// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/suggest.h"

#include <vector>

namespace rekey {

/// The same pairings in every repeated block: numbers of the keys that can run together on both sides do, as long as
/// all keys exist and the shapes fit. Includes the given ones, first.
std::vector<Pairing> generalise(const std::vector<Pairing> &pairings, const Schema &source, const Schema &target);

} // namespace rekey
