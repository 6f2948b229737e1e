// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace rekey {

/// A line a rule: state, patterns, transform, how many target keys, confidence.
std::string rulesText(const Mapping &mapping, const Resolution &resolution);
/// "filled 231 of 231, initialised 0 …; source: used 230 …".
std::string countsText(const Resolution &resolution);
/// Open keys and other problems, a line each, the worst first.
std::string problemsText(const Resolution &resolution);
/// Counts and problems.
nlohmann::ordered_json resolutionJson(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target);
/// Everything filled and every source used or dropped for a reason.
bool withoutFindings(const Resolution &resolution);

} // namespace rekey
