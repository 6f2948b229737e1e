// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/mapping.h"

namespace rekey {

/// Rules of a JSON array as in a mapping document; for resources that hold rules. Throws as mappingFromJson().
std::vector<Rule> rulesFromJson(std::string_view json, const std::string &file);

} // namespace rekey
