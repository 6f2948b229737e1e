// SPDX-License-Identifier: GPL-3.0-or-later
// Position tables whose lengths differ: class tokens, other grids, shorter contexts; and parts that only look like another's copy.
#include "core/mapping/resolution.h"
#include "core/suggest/resizedtables.h"
#include "tests/core/suggest/synthetic.h"

#include <gtest/gtest.h>

namespace rekey {
namespace {

using testdata::SchemaPair;

std::string textOf(const Shape &from, const Shape &to, bool picture)
{
    const auto found = resizing(from, to, picture);
    if (!found)
        return "none";
    EXPECT_LT(found->confidence, 0.9);
    const auto outputs = outputShapes(found->transform, {{from, DType::F32}});
    EXPECT_EQ(outputs.size(), 1U);
    EXPECT_EQ(outputs.front().shape, to);
    EXPECT_EQ(found->resampled, transformText(found->transform).find("interpolate") != std::string::npos);
    return transformText(found->transform);
}

TEST(ResizedTables, tokensInFrontAreCutOffOrAdded)
{
    EXPECT_EQ(textOf({1, 577, 64}, {1, 576, 64}, true), "slice dim 1 from 1 to 577");
    EXPECT_EQ(textOf({1, 196, 64}, {1, 198, 64}, true), "pad dim 1 before 2 after 0");
    EXPECT_EQ(textOf({197, 64}, {1, 196, 64}, true), "slice dim 0 from 1 to 197, then reshape 1×196×64");
}

TEST(ResizedTables, nobodyKnowsWhichOfTwoTokensStays) { EXPECT_EQ(textOf({1, 198, 64}, {1, 197, 64}, true), "none"); }

TEST(ResizedTables, otherGridsAreResampled)
{
    EXPECT_EQ(resizing({1, 197, 64}, {1, 577, 64}, true)->transform, (Transform{Step{Interpolate{1, {24, 24}, 1, true, "bicubic"}}}));
    EXPECT_EQ(resizing({1, 64, 64, 8}, {1, 32, 32, 8}, true)->transform, (Transform{Step{Interpolate{1, {32, 32}, 0, false, "bicubic"}}}));
    textOf({1, 197, 64}, {1, 576, 64}, true);
    textOf({196, 64}, {1, 577, 64}, true);
}

TEST(ResizedTables, contextsBeginAlike)
{
    EXPECT_EQ(textOf({77, 64}, {16, 64}, false), "slice dim 0 from 0 to 16");
    EXPECT_EQ(textOf({514, 64}, {512, 64}, false), "slice dim 0 from 2 to 514");
    EXPECT_EQ(textOf({77, 64}, {248, 64}, false), "none");
    EXPECT_EQ(textOf({77, 64}, {77, 64}, false), "none");
    EXPECT_EQ(textOf({77, 64}, {16, 32}, false), "none");
}

/// A small tower for pictures; tables of any length.
void addTower(Schema &schema, const std::string &prefix, std::int64_t positions)
{
    testdata::addTo(schema, prefix + "patch_embed.proj.weight", {64, 3, 16, 16});
    testdata::addTo(schema, prefix + "pos_embed", {1, positions, 64});
    for (int i = 0; i < 3; ++i)
        for (const char *leaf : {"attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"})
            testdata::addTo(schema, prefix + "blocks." + std::to_string(i) + '.' + leaf + ".weight", {64, 64});
}

TEST(ResizedTables, aTableIsFilledOrAskedFor)
{
    SchemaPair cut, grown;
    addTower(cut.first, "", 197);
    addTower(cut.second, "trunk.", 196);
    const Resolution resolution = resolve(suggest(cut.first, cut.second), cut.first, cut.second);
    EXPECT_EQ(resolution.count(TargetStatus::Filled), cut.second.tensors.size());

    addTower(grown.first, "", 197);
    addTower(grown.second, "trunk.", 577);
    Mapping mapping = suggest(grown.first, grown.second);
    const auto asked = resolve(mapping, grown.first, grown.second);
    EXPECT_EQ(asked.count(TargetStatus::ToReview), 1U);
    const auto rule
        = std::find_if(mapping.rules.begin(), mapping.rules.end(), [](const Rule &r) { return r.state == RuleState::ToReview; });
    ASSERT_NE(rule, mapping.rules.end());
    EXPECT_EQ(rule->kind, RuleKind::Init);
    ASSERT_EQ(rule->candidates.size(), 1U);
    // Accepted, it fills the table.
    const Candidate chosen = rule->candidates.front();
    *rule = Rule{};
    rule->sources = chosen.sources;
    rule->targets = chosen.targets;
    rule->transform = chosen.transform;
    EXPECT_EQ(resolve(mapping, grown.first, grown.second).count(TargetStatus::Filled), grown.second.tensors.size());
}

TEST(ResizedTables, twoThatWouldDoAsWellStayOpen)
{
    SchemaPair pair;
    addTower(pair.first, "", 197);
    testdata::addTo(pair.first, "other_pos_embed", {1, 197, 64});
    addTower(pair.second, "", 196);
    testdata::addTo(pair.second, "second_pos_embed", {1, 196, 64});
    const Resolution resolution = resolve(suggest(pair.first, pair.second), pair.first, pair.second);
    for (std::size_t t = 0; t < pair.second.tensors.size(); ++t)
        if (pair.second.tensors[t].key == "second_pos_embed") {
            EXPECT_NE(resolution.targets[t].status, TargetStatus::Filled);
        }
}

TEST(Tied, partOfAModuleThatTheSourceLacksIsNoCopy)
{
    // A second neck on one side, whose one kernel has a shape of its own.
    SchemaPair pair;
    for (const std::string name : {"neck", "second_neck"}) {
        for (auto *side : {&pair.first, &pair.second}) {
            if (side == &pair.first && name != "neck")
                continue;
            for (int i = 0; i < 2; ++i) {
                testdata::addTo(*side, name + "." + std::to_string(i) + ".conv_1x1.weight", {32, 64 + 16 * i, 1, 1});
                testdata::addTo(*side, name + "." + std::to_string(i) + ".conv_1x1.bias", {32});
                testdata::addTo(*side, name + "." + std::to_string(i) + ".conv_3x3.weight", {32, 32, 3, 3});
                testdata::addTo(*side, name + "." + std::to_string(i) + ".conv_3x3.bias", {32});
            }
        }
    }
    const Resolution resolution = resolve(suggest(pair.first, pair.second), pair.first, pair.second);
    for (std::size_t t = 0; t < pair.second.tensors.size(); ++t)
        EXPECT_EQ(resolution.targets[t].status == TargetStatus::Filled, pair.second.tensors[t].key.starts_with("neck"))
            << pair.second.tensors[t].key;
}

} // namespace
} // namespace rekey
