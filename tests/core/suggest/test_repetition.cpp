// SPDX-License-Identifier: GPL-3.0-or-later
// Long runs of equal blocks are matched on a few of them, and all of them get their partner.
#include "core/base/error.h"
#include "core/mapping/resolution.h"
#include "core/suggest/repetition.h"
#include "tests/core/suggest/synthetic.h"

#include <gtest/gtest.h>

#include <chrono>

namespace rekey {
namespace {

using testdata::SchemaPair;

void expectStraight(const SchemaPair &pair, std::size_t mostRules)
{
    const auto &[source, target] = pair;
    const Mapping mapping = suggest(source, target);
    EXPECT_LE(mapping.rules.size(), mostRules);
    const Resolution resolution = resolve(mapping, source, target);
    EXPECT_EQ(resolution.count(TargetStatus::Filled), target.tensors.size());
    for (const auto &assignment : resolution.assignments)
        ASSERT_EQ(assignment.sources, assignment.targets) << source.tensors[assignment.sources.front()].key;
}

TEST(Repetition, hundredsOfBlocks) { expectStraight(testdata::deepTransformer(6'000), 8); }
TEST(Repetition, expertsInLayers) { expectStraight(testdata::mixtureOfExperts(6'000), 5); }
TEST(Repetition, aFlatList) { expectStraight(testdata::flatList(6'000), 2); }

TEST(Repetition, blocksOfTwoKindsInTurn)
{
    SchemaPair pair;
    for (int i = 0; i < 900; ++i) {
        const std::string from = "net." + std::to_string(i) + '.', to = "layers." + std::to_string(i) + '.';
        const bool attention = i % 3 == 2;
        for (const std::string &leaf : attention ? std::vector<std::string>{"q", "k", "v"} : std::vector<std::string>{"conv", "gate"}) {
            testdata::addTo(pair.first, from + leaf + ".weight", {16, 16});
            testdata::addTo(pair.second, to + (attention ? "attn." : "mixer.") + leaf + ".weight", {16, 16});
        }
    }
    expectStraight(pair, 8);
}

TEST(Repetition, nestedAndFlattenedAreBounded)
{
    // Nothing can be shortened here, and every tensor might be any other.
    SchemaPair pair;
    for (int i = 0; i < 50; ++i)
        for (int j = 0; j < 100; ++j) {
            testdata::addTo(pair.first, "stages." + std::to_string(i) + ".blocks." + std::to_string(j) + ".weight", {16, 16});
            testdata::addTo(pair.second, "layers." + std::to_string(i * 100 + j) + ".weight", {16, 16});
        }
    const Resolution resolution = resolve(suggest(pair.first, pair.second), pair.first, pair.second);
    std::size_t straight = 0;
    for (const auto &assignment : resolution.assignments)
        straight += assignment.sources == assignment.targets;
    EXPECT_GE(straight, 4'900U);
}

TEST(Repetition, whatIsAffordableStaysWhole)
{
    const auto [source, target] = testdata::deepTransformer(500);
    EXPECT_FALSE(shorten(source, target, {std::vector<bool>(source.tensors.size()), std::vector<bool>(target.tensors.size())}));
}

TEST(Repetition, stopsAtOnce)
{
    const auto [source, target] = testdata::deepTransformer(30'000);
    std::stop_source stop;
    std::chrono::steady_clock::time_point asked;
    const Progress progress(stop.get_token(), [&](double, std::string_view) {
        if (!stop.stop_requested())
            asked = std::chrono::steady_clock::now();
        stop.request_stop();
    });
    EXPECT_THROW(suggest(source, target, {}, progress), Cancelled);
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count(), 1.0);
}

} // namespace
} // namespace rekey
