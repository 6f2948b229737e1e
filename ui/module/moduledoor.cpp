// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/module/moduledoor.h"

namespace rekey::ui {

ModuleDoor runtimeModuleDoor()
{
    return {
        [](const ScriptModuleRequest &request, const Progress &progress) { return runtime().openScriptModule(request, progress); },
        [](const std::filesystem::path &path) { return loadImage(path); },
    };
}

} // namespace rekey::ui
