// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rekey {

struct DemoPrompt
{
    std::filesystem::path photo;
    std::string title; ///< "Dahlia"
    std::string promptName; ///< "point"
    Prompts prompts;
};

/// The photos of the demo with the prompt to show first. Throws Error naming the place in prompts.json.
std::vector<DemoPrompt> demoPrompts(const std::filesystem::path &folder);

} // namespace rekey
