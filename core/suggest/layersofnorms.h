// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"

#include <cstdint>
#include <vector>

namespace rekey {

/// By atom: of a batch norm the convolution (or linear layer) whose outputs it normalises; noAtom for others, and where
/// names do not tell which. They stand in one module: alone, with the same number or name (conv1 and bn1), or one after
/// the other in a numbered list; and one is as wide as the other has outputs. What is known of layers is so known of norms,
/// whose own shapes say little. Not the other way round: the two would only confirm each other.
std::vector<std::uint32_t> layersOfNorms(const Side &side);

} // namespace rekey
