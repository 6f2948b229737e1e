// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

#include <set>
#include <string>

namespace rekey {

/// "[split(0, 3), transpose(0, 1)]"; adds the names of the functions to `used`.
std::string pythonSteps(const Transform &transform, std::set<std::string> &used);
/// Definitions of these functions and of those that they need, with two empty lines between.
std::string pythonFunctions(std::set<std::string> used);
/// "torch.float16". Throws Error for types that torch cannot hold.
std::string pythonDType(DType dtype);

} // namespace rekey
