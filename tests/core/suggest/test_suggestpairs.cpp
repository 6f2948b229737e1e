// SPDX-License-Identifier: GPL-3.0-or-later
// Every pair of real models below tests/data/suggest: suggest, resolve, score key by key against the truth.
#include "scorefolder.h"

#include <gtest/gtest.h>

namespace rekey {
namespace {

using Json = nlohmann::json;

const std::filesystem::path data = suggestData();

class SuggestPairs : public testing::Test
{
protected:
    void SetUp() override
    {
        if (std::string(REKEY_PYTHON).empty())
            GTEST_SKIP() << "python3 is needed to score";
    }
};

TEST_F(SuggestPairs, publicBenchmark)
{
    const Json report = scoreFolder(data / "bench", "bench");
    printScores(report);
    ASSERT_EQ(report["pairs"].size(), 18U);
    EXPECT_GE(report["total"]["mean_accuracy"].get<double>(), 0.999);
    for (const auto &[pair, row] : report["pairs"].items()) {
        EXPECT_GE(row["accuracy"].get<double>(), 0.98) << pair;
        EXPECT_LT(row["seconds"].get<double>(), 3.0) << pair;
    }
    EXPECT_EQ(report["total"]["conf_ok"], report["total"]["conf_n"]) << "wrong suggestions at confidence >= 0.9";
    EXPECT_GE(report["total"]["conf_n"].get<int>(), 3300);
}

TEST_F(SuggestPairs, seedsAreCompleteWithNothingWrong)
{
    const Json report = scoreFolder(data / "seed", "seed");
    printScores(report);
    ASSERT_EQ(report["pairs"].size(), 13U);
    for (const auto &[pair, row] : report["pairs"].items()) {
        EXPECT_EQ(row["exact"], row["fillable"]) << pair;
        EXPECT_EQ(row["wrong"], 0) << pair << ": at any confidence";
        EXPECT_EQ(row["missed"], 0) << pair;
        EXPECT_LT(row["seconds"].get<double>(), 3.0) << pair;
        if (pair.starts_with("sam_vit") || pair.starts_with("hf_sam_base_to")) {
            EXPECT_LT(row["rules"].get<int>(), 40) << pair;
        }
    }
}

} // namespace
} // namespace rekey
