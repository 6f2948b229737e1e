// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"
#include "core/runtime/tensortypes.h"

#include <vector>

namespace rekey {

/// Carries the steps out. Shapes and types of the result are those of outputShapes(), which also judges first whether it can be done.
/// Results may share memory with the inputs, which are never written to. Throws Error.
std::vector<Value> applyTransform(const Transform &transform, std::vector<Value> inputs);

} // namespace rekey
