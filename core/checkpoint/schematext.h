// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <string>
#include <string_view>

namespace rekey {

/// A schema from its JSON text, as `rekey keys --json` prints it and files of schemas hold it. `name` is shown in errors.
/// Throws Error with the tensor and what was expected.
Schema schemaFromJson(std::string_view json, const std::string &name);

} // namespace rekey
