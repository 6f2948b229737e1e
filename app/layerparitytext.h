// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rekey {

/// Every layer.
nlohmann::ordered_json layersJson(const ActivationParity &parity);
/// Layers that are not equal, a line each, then the verdict.
std::string layersText(const ActivationParity &parity);

} // namespace rekey
