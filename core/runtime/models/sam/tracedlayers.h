// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/modellayers.h"
#include "core/runtime/models/sam/config.h"

#include <vector>

namespace rekey::sam {

/// Everything that the modules give to a Trace, in this order: image encoder, then (where there is a decoder) prompts and decoder.
std::vector<TracedLayer> tracedLayers(const Config &config);

} // namespace rekey::sam
