// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationfile.h"
#include "core/runtime/parity/modulenames.h"

#include <utility>
#include <vector>

namespace rekey {

struct LayerPair
{
    const ActivationFile::Entry *reference = nullptr, *checked = nullptr;
};

struct LayerPairs
{
    std::vector<LayerPair> pairs; ///< in the checked file's order
    std::size_t byName = 0, byModule = 0, byOrder = 0; ///< how many went together in which way
};

/// Which layer of one file is which of the other: by equal names; by `keys`, weights that go together (from the reference's to the checked
/// side's), module by module; and what is left by order and shape, between those already found.
LayerPairs pairLayers(const ActivationFile &reference, const ActivationFile &checked, const KeyPairs &keys);

} // namespace rekey
