// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/script/exporters.h"

#include <string>
#include <vector>

// Patterns as the regular expressions of Python's `re`, for the forms that transformers knows.
namespace rekey {

/// What re.sub() takes: an expression for the whole key and a replacement ("layers.\1.norm").
struct KeyRenaming
{
    std::string expression, replacement;
    std::size_t groups = 0; ///< that the replacement refers to
    bool hasDigitAfterGroup = false; ///< "\1" stands before a digit, so that it had to be written "\g<1>"
};

/// Patterns of writtenOut() rules. The end that both sides share becomes a lookahead where `sharedEnd` is set: fewer groups.
KeyRenaming keyRenaming(const Pattern &source, const Pattern &target, bool sharedEnd);
/// The expression for every key that a pattern matches, without groups.
std::string keyExpression(const Pattern &pattern);

/// The same rule without what regular expressions cannot say: alternatives that differ between the sides, and numbers that the rule
/// computes with, each replaced by its values. Which these are is known from the pair; without it alternatives alone are. Empty where
/// that takes more than `most` rules, or where the values are unknown.
std::vector<Rule> writtenOut(const Rule &rule, std::uint32_t index, const ExportInput &input, std::size_t most);

/// Whether a map rule gives single keys other names, and no more. A variable that only the source has gathers; in this pair it may
/// have one value each time.
bool renamesSingleKeys(const Rule &rule, std::uint32_t index, const ExportInput &input);

/// "q, k -> qk", for comments.
std::string ruleComment(const Rule &rule);

} // namespace rekey
