// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"

#include <cstdint>
#include <vector>

namespace rekey {

/// By atom: of a batch norm the convolution (or linear layer) whose outputs it normalises, and of that the norm; noAtom
/// where there is none, or names do not tell which. They stand in one module: alone, with the same number or name
/// (conv1 and bn1), or one after the other in a numbered list; and one is as wide as the other has outputs.
std::vector<std::uint32_t> companions(const Side &side);

} // namespace rekey
