// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

namespace rekey {

/// The list of tensors before the first step, between steps, and after the last. Throws as outputShapes().
std::vector<std::vector<TensorShape>> shapesBetweenSteps(const Transform &transform, std::vector<TensorShape> inputs);

} // namespace rekey
