// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

namespace rekey {

/// Runtime::tensorComputer().
std::unique_ptr<TensorComputer> tensorComputer(const ModelWeights &weights, const Schema &target, const Resolution &resolution);

} // namespace rekey
