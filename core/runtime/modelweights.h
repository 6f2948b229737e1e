// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/modellayers.h"
#include "core/runtime/runtime.h"

namespace rekey {

/// Runtime::modelKeys() and Runtime::compareWeights().
std::vector<ModelKey> modelKeysOf(const ModelWeights &weights);
std::vector<ModelKeyDifference> compareModelWeights(const ModelWeights &a, const ModelWeights &b, const Progress &progress);

} // namespace rekey
