// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/rule.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rekey {

/// A rule as transformers' WeightConverter. Its patterns are searched for within keys, and the target patterns must be plain pieces
/// of keys; so what stands before them and differs between the sides is brought in line by renamings first.
struct WeightConverterText
{
    std::vector<std::string> sources, targets;
    std::string operation; ///< "Concatenate(dim=0)"
    std::vector<std::pair<Pattern, Pattern>> renamings;
    bool squeezes = false;
    std::string obstacle;  ///< why the rule cannot be said; empty when it can

    /// The name that a key takes before the operation, as transformers finds it; nothing when no source pattern is found.
    std::optional<std::string> rename(const std::string &key) const;
};

/// For rules whose variables need no writing out (writtenOut() in keyexpressions.h).
WeightConverterText weightConverter(const Rule &rule);

} // namespace rekey
