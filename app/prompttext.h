// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <string>
#include <string_view>
#include <vector>

namespace rekey {

/// "10,20.5,0" to numbers. Throws UsageError naming the option.
std::vector<double> parseNumbers(std::string_view text, const char *option);

/// Prompts from --point and --box, which must lie in the image. Throws UsageError.
Prompts parsePrompts(const std::vector<std::string> &points, const std::string &box, const Image &image);

} // namespace rekey
