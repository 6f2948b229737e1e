// SPDX-License-Identifier: GPL-3.0-or-later
// Pairs that are written down compactly (tests/data/suggest/heldout) and what becomes of files in the wild: keys sorted by name,
// wrapped, without a head, with a running copy of the weights or with modules that do not belong to the model.
#include "scorefolder.h"

#include <gtest/gtest.h>

namespace rekey {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path heldOut = suggestData() / "heldout";

void python(const std::string &arguments)
{
    const std::string command = std::string("\"") + REKEY_PYTHON + "\" " + arguments;
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

struct Figures
{
    int pairs = 0, confident = 0, wrong = 0;
    double mean = 0, least = 1;
};

/// Scores every variant below a folder and prints a row for each.
std::map<std::string, Figures> scoreVariants(const fs::path &folder, const std::string &name)
{
    std::map<std::string, Figures> figures;
    for (const auto &entry : fs::directory_iterator(folder)) {
        const std::string variant = entry.path().filename().string();
        const Json report = scoreFolder(entry.path(), name + "-" + variant);
        Figures &row = figures[variant];
        for (const auto &[pair, scores] : report["pairs"].items()) {
            ++row.pairs;
            row.least = std::min(row.least, scores["accuracy"].get<double>());
            if (scores["conf_ok"] != scores["conf_n"])
                std::printf("  %s, %s: %s\n", variant.c_str(), pair.c_str(), scores["examples"].dump().c_str());
        }
        row.confident = report["total"]["conf_n"].get<int>();
        row.wrong = row.confident - report["total"]["conf_ok"].get<int>();
        row.mean = report["total"]["mean_accuracy"].get<double>();
    }
    std::printf("%-10s %-16s %5s %8s %8s %22s\n", "set", "variant", "pairs", "mean", "least", "wrong at \u2265 0.9 of all");
    for (const auto &[variant, row] : figures)
        std::printf("%-10s %-16s %5d %7.2f%% %7.1f%% %10d of %6d\n", name.c_str(), variant.c_str(), row.pairs, 100 * row.mean,
                    100 * row.least, row.wrong, row.confident);
    std::fflush(stdout);
    return figures;
}

class HeldOut : public testing::Test
{
protected:
    void SetUp() override
    {
        if (std::string(REKEY_PYTHON).empty())
            GTEST_SKIP() << "python3 is needed to write the pairs and to score";
    }

    const fs::path output = fs::path(REKEY_BUILD) / "suggest-test" / "pairs";

    std::map<std::string, Figures> expanded(const std::string &half) const
    {
        python((heldOut / "expand.py").string() + " " + output.string() + " " + half);
        const auto figures = scoreVariants(output / half, half);
        EXPECT_EQ(figures.size(), 12U);
        return figures;
    }

    /// A file sorted by name ("nested" is, too) has lost the order of siblings.
    static void expect(const std::map<std::string, Figures> &figures, double mean, double sorted)
    {
        for (const auto &[variant, row] : figures) {
            EXPECT_GE(row.mean, variant.ends_with("by_name") || variant == "nested" ? sorted : mean) << variant;
            EXPECT_EQ(row.wrong, 0) << variant << ": wrong suggestions at confidence >= 0.9";
            EXPECT_GT(row.confident, 0) << variant;
        }
    }
};

TEST_F(HeldOut, developedOn)
{
    expect(expanded("develop"), 0.99, 0.99);
}

TEST_F(HeldOut, measuredThenDevelopedOn)
{
    expect(expanded("second"), 0.98, 0.95);
}

TEST_F(HeldOut, neverDevelopedOn)
{
    expect(expanded("measure"), 0.99, 0.95);
}

TEST_F(HeldOut, othersMeasuredBlind)
{
    // Which of two streams is the text's and from which end a decoder counts its levels, names and shapes do not say.
    expect(expanded("third"), 0.85, 0.75);
}

TEST_F(HeldOut, mixturesOfExperts)
{
    // Stacks that no name calls experts stay open.
    expect(expanded("experts"), 0.95, 0.9);
}

TEST_F(HeldOut, variantsOfThePublicBenchmark)
{
    python((heldOut / "variants.py").string() + " " + (suggestData() / "bench").string() + " " + (output / "bench").string());
    const auto figures = scoreVariants(output / "bench", "bench");
    ASSERT_EQ(figures.size(), 9U);
    expect(figures, 0.99, 0.97);
}

} // namespace
} // namespace rekey
