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

TEST_F(SuggestPairs, seeds)
{
    const Json report = scoreFolder(data / "seed", "seed");
    printScores(report);
    ASSERT_EQ(report["pairs"].size(), 13U);
    for (const auto &[pair, row] : report["pairs"].items()) {
        const bool large = pair.find("sam3") != std::string::npos;
        EXPECT_GE(row["accuracy"].get<double>(), large ? 0.99 : 1.0) << pair;
        EXPECT_EQ(row["conf_ok"], row["conf_n"]) << pair;
        EXPECT_LT(row["seconds"].get<double>(), 3.0) << pair;
    }
}

TEST_F(SuggestPairs, segmentAnythingIsCompleteWithNothingWrong)
{
    const Json report = scoreFolder(data / "seed", "seed");
    for (const std::string pair : {"sam_vit_b_to_hf_sam_base", "sam_vit_h_to_hf_sam_huge", "hf_sam_base_to_sam_vit_b"}) {
        const Json &row = report["pairs"][pair];
        EXPECT_EQ(row["exact"], row["targets"]) << pair;
        EXPECT_EQ(row["wrong"], 0) << pair;
        EXPECT_LT(row["rules"].get<int>(), 40) << pair;
    }
}

} // namespace
} // namespace rekey
