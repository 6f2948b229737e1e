// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

/// The files of tests/data/corpus and what their sidecars say about them (README.md there).
namespace corpus {

struct Case
{
    std::string name;
    std::filesystem::path open;
    nlohmann::json expected;
};

inline std::vector<Case> cases(const std::string &half)
{
    const auto folder = std::filesystem::path(REKEY_TEST_DATA) / "corpus" / half;
    const std::string ending = ".expect.json";
    std::vector<Case> found;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        const std::string file = entry.path().filename().string();
        if (!file.ends_with(ending))
            continue;
        Case one;
        one.name = file.substr(0, file.size() - ending.size());
        one.expected = nlohmann::json::parse(std::ifstream(entry.path()));
        one.open = folder / one.expected["open"].get<std::string>();
        found.push_back(std::move(one));
    }
    std::ranges::sort(found, {}, &Case::name);
    return found;
}

inline rekey::Path path(const nlohmann::json &steps)
{
    rekey::Path result;
    for (const auto &step : steps) {
        if (step.is_string())
            result.push_back({step.get<std::string>()});
        else if (step.is_number())
            result.push_back({step.get<std::int64_t>()});
        else
            result.push_back({step["repr"].get<std::string>(), true});
    }
    return result;
}

inline rekey::CheckpointPtr openWhole(const std::filesystem::path &file)
{
    rekey::OpenOptions options;
    options.rootChoice = rekey::OpenOptions::RootChoice::WholeFile;
    return rekey::openCheckpoint(file, options);
}

} // namespace corpus
