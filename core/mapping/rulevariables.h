// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/pattern.h"

namespace rekey {

/// Names of the variables of all patterns, each once, in order of first occurrence.
std::vector<std::string> patternVariables(const std::vector<Pattern> &patterns);
/// Those of `patterns` that `others` do not have: they gather (only in sources) or scatter (only in targets).
std::vector<std::string> variablesOnlyIn(const std::vector<Pattern> &patterns, const std::vector<Pattern> &others);

} // namespace rekey
