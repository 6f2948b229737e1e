// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <string>
#include <string_view>

namespace rekey {

/// Known: a container, tensor or plain value of section "names a checkpoint may use", built by our readers as data.
/// Dangerous: importing or calling it can run programs, write files or load code. Everything else is Unknown: shown as
/// an opaque object. The grade only decides what is said; nothing is ever imported.
Grade gradeOfGlobal(std::string_view module, std::string_view name);

/// Python 2's names of what moved in Python 3.
void renameFromPython2(std::string &module, std::string &name);

} // namespace rekey
