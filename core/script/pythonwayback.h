// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/script/exporters.h"

#include <optional>
#include <string>
#include <vector>

namespace rekey {

/// How a mapping leads back, if it does.
struct WayBack
{
    bool possible = false;
    bool fromTarget = false;                     ///< what was dropped has to come from a checkpoint of the source's kind
    bool swapped = false;                        ///< each rule the other way round, by `steps`; else by `rules`
    std::vector<std::optional<Transform>> steps; ///< by rule
    std::vector<Rule> rules;
    std::vector<std::string> obstacles;          ///< sentences: which rules do not, and why
};

/// Needs both schemas and the resolution; without them nothing is known to lead back.
WayBack wayBack(const ExportInput &input);

} // namespace rekey
