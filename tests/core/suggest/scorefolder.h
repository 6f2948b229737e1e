// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace rekey {

std::filesystem::path suggestData();

/// Suggests for every pair of a folder (PAIR/source.json, target.json, truth.json) and runs score.py over the results, which
/// go to the folder `name` below the build's: its JSON report, with rules and seconds added.
nlohmann::json scoreFolder(const std::filesystem::path &folder, const std::string &name);
void printScores(const nlohmann::json &report);

} // namespace rekey
