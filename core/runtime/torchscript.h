// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/scriptmodule.h"

#include <memory>

namespace rekey {

/// Runtime::openScriptModule().
std::unique_ptr<ScriptModule> openTorchScript(const ScriptModuleRequest &request, const Progress &progress);

} // namespace rekey
