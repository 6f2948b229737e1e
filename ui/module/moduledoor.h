// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"
#include "core/runtime/scriptmodule.h"

#include <filesystem>
#include <functional>
#include <memory>

namespace rekey::ui {

/// What the window of TorchScript modules asks of the runtime. Called on working threads; tests put a module of their own behind it.
struct ModuleDoor
{
    std::function<std::unique_ptr<ScriptModule>(const ScriptModuleRequest &, const Progress &)> open;
    std::function<Image(const std::filesystem::path &)> loadImage;
};

/// The real one; loads LibTorch.
ModuleDoor runtimeModuleDoor();

} // namespace rekey::ui
