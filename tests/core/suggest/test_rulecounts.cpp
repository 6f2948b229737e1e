// SPDX-License-Identifier: GPL-3.0-or-later
// Rules are few: hardly more than published conversion code needs entries and statements (tests/bench/matcher.json).
#include "core/checkpoint/checkpoint.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace rekey {
namespace {

namespace fs = std::filesystem;

TEST(RuleCounts, hardlyMoreThanPublishedCodeNeeds)
{
    const fs::path data = REKEY_TEST_DATA;
    const auto notes = nlohmann::json::parse(std::ifstream(data.parent_path() / "bench" / "matcher.json"));
    ASSERT_GE(notes["published"].size(), 12U);
    for (const auto &[pair, published] : notes["published"].items()) {
        const fs::path folder = data / "suggest" / "seed" / pair;
        const auto source = openCheckpoint(folder / "source.json"), target = openCheckpoint(folder / "target.json");
        const Mapping mapping = suggest(source->schema(), target->schema());
        EXPECT_LE(static_cast<double>(mapping.rules.size()), 1.3 * published["rules"].get<double>()) << pair;
    }
}

} // namespace
} // namespace rekey
