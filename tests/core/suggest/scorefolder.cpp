// SPDX-License-Identifier: GPL-3.0-or-later
#include "scorefolder.h"

#include "core/checkpoint/checkpoint.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>

namespace rekey {

namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

struct Suggested
{
    Mapping mapping;
    Resolution resolution;
    double seconds = 0; ///< of the processor: what else runs does not count
};

Suggested suggestPair(const Schema &source, const Schema &target)
{
    Suggested result;
    const std::clock_t begin = std::clock();
    result.mapping = suggest(source, target);
    result.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    result.resolution = resolve(result.mapping, source, target);
    return result;
}

} // namespace

Json scoreFolder(const fs::path &folder, const std::string &name)
{
    const fs::path output = fs::path(REKEY_BUILD) / "suggest-test" / name;
    fs::create_directories(output);
    Json extra;
    for (const auto &entry : fs::directory_iterator(folder)) {
        const auto source = openCheckpoint(entry.path() / "source.json"), target = openCheckpoint(entry.path() / "target.json");
        const Suggested suggested = suggestPair(source->schema(), target->schema());
        const std::string pair = entry.path().filename().string();
        std::ofstream(output / (pair + ".json"))
            << resolutionToPairsJson(suggested.mapping, suggested.resolution, source->schema(), target->schema());
        extra[pair] = {{"rules", suggested.mapping.rules.size()}, {"seconds", suggested.seconds}};
    }
    const fs::path report = output / "report.txt";
    const std::string command = std::string("\"") + REKEY_PYTHON + "\" \"" + (suggestData() / "score.py").string()
                                + "\" --json --show 5 --folder \"" + folder.string() + "\" \"" + output.string() + "\" > \""
                                + report.string() + "\"";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    Json json = Json::parse(std::ifstream(report), nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << report;
    for (auto &[pair, row] : json["pairs"].items())
        row.update(extra[pair]);
    return json;
}

void printScores(const Json &report)
{
    std::printf("%-62s %6s %9s %6s %7s %14s %6s %7s\n", "pair", "keys", "accuracy", "wrong", "missed", "right at ≥0.9", "rules", "s");
    for (const auto &[pair, row] : report["pairs"].items())
        std::printf("%-62s %6d %8.1f%% %6d %7d %6d of %5d %6d %7.3f\n", pair.c_str(), row["targets"].get<int>(),
                    100 * row["accuracy"].get<double>(), row["wrong"].get<int>(), row["missed"].get<int>(), row["conf_ok"].get<int>(),
                    row["conf_n"].get<int>(), row["rules"].get<int>(), row["seconds"].get<double>());
    const Json &all = report["total"];
    std::printf("mean accuracy %.2f%%, at confidence >= 0.9: %d of %d right\n", 100 * all["mean_accuracy"].get<double>(),
                all["conf_ok"].get<int>(), all["conf_n"].get<int>());
    for (const auto &[pair, row] : report["pairs"].items())
        if (row.contains("examples"))
            for (const auto &example : row["examples"])
                std::printf("  %s: %s\n", pair.c_str(), example.dump().c_str());
    std::fflush(stdout);
}

fs::path suggestData() { return fs::path(REKEY_TEST_DATA) / "suggest"; }

} // namespace rekey
