// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/pattern.h"

#include <string>
#include <vector>

namespace rekey {

/// A Python string literal.
std::string pythonString(std::string_view text);
/// Text for a comment or docstring: one line, nothing that could end it.
std::string pythonComment(std::string_view text);
/// A pattern as the script reads it: as written, sums in one form. Throws Error for what the script does not know.
std::string pythonPattern(const Pattern &pattern);
/// `"a"` for one pattern, `["a", "b"]` for several.
std::string pythonPatterns(const std::vector<Pattern> &patterns);
/// Whether a pattern has arithmetic in it.
bool hasSums(const Pattern &pattern);

} // namespace rekey
