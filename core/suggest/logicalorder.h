// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"

#include <cstdint>
#include <vector>

namespace rekey {

struct Placed
{
    std::size_t unit = 0;
    std::uint32_t position = 0;
};

/// Units in the order of the network: that of the file, children whose names say that they come first or last moved
/// there. An alphabetical file is sorted by numbers. With `ties`, siblings that neither numbers nor such words order
/// share a position; otherwise every unit has its own.
std::vector<Placed> logicalOrder(const std::vector<Unit> &units, bool alphabetical, bool ties);

/// Whether a file lists its keys by name.
bool isAlphabetical(const Schema &schema);

} // namespace rekey
