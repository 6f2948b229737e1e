// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rekey {

using KeyPairs = std::vector<std::pair<std::string, std::string>>;

/// What a module of one implementation may be called in the other, likely names first, from the keys of weights that go together:
/// with "blocks.0.norm1.weight" ↔ "layers.0.layer_norm1.weight", the module "blocks.0.norm1" is "layers.0.layer_norm1". Empty when no
/// weight lies in it.
std::vector<std::string> moduleNames(const std::string &module, const KeyPairs &pairs);

} // namespace rekey
