// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/rule.h"

#include <map>
#include <string>
#include <vector>

namespace rekey {

/// A Python string literal.
std::string pythonString(std::string_view text);
/// Text for a comment or docstring: one line, nothing that could end it.
std::string pythonComment(std::string_view text);
/// Lists of alternatives that a rule's text has named already, by variable; an empty one for those whose lists differ.
using WrittenLists = std::map<std::string, std::vector<std::string>>;
/// To begin a rule with.
WrittenLists differingLists(const Rule &rule);
/// Patterns as the script reads them: as written, sums in one form, a list of alternatives only where it first stands. `"a"` for one
/// pattern, `["a", "b"]` for several. Throws Error for what the script does not know.
std::string pythonPatterns(const std::vector<Pattern> &patterns, WrittenLists &written);
/// Whether a pattern has arithmetic in it.
bool hasSums(const Pattern &pattern);

} // namespace rekey
