// SPDX-License-Identifier: GPL-3.0-or-later
// The embedded demo: a trained segment-anything checkpoint and an untrained Hugging Face model.
#include "core/checkpoint/checkpoint.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace rekey {
namespace {

namespace fs = std::filesystem;

class DemoPair : public testing::Test
{
protected:
    CheckpointPtr source = openCheckpoint(fs::path(REKEY_RESOURCES) / "demo" / "sam_tiny.pth");
    CheckpointPtr target = openCheckpoint(fs::path(REKEY_RESOURCES) / "demo" / "hf_sam_tiny_init");

    /// The rules that the full-size models need, whose every key is checked against the published conversion.
    Mapping fullSize() const
    {
        const fs::path seed = fs::path(REKEY_TEST_DATA) / "suggest" / "seed" / "sam_vit_b_to_hf_sam_base";
        return suggest(openCheckpoint(seed / "source.json")->schema(), openCheckpoint(seed / "target.json")->schema());
    }

    static std::map<std::uint32_t, std::uint32_t> pairs(const Resolution &resolution)
    {
        std::map<std::uint32_t, std::uint32_t> result;
        for (const auto &assignment : resolution.assignments)
            result[assignment.targets.front()] = assignment.sources.front();
        return result;
    }
};

TEST_F(DemoPair, completeAndAsTheFullSizeModels)
{
    ASSERT_EQ(target->schema().tensors.size(), 231U);
    SuggestOptions options;
    options.sourceValues = source.get();
    options.targetValues = target.get();
    const Mapping mapping = suggest(source->schema(), target->schema(), options);
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    EXPECT_TRUE(resolution.complete());
    EXPECT_EQ(resolution.count(TargetStatus::Filled), 231U);
    EXPECT_EQ(resolution.count(SourceStatus::Unused), 0U);
    EXPECT_LE(mapping.rules.size(), 25U);
    const auto got = pairs(resolution), wanted = pairs(resolve(fullSize(), source->schema(), target->schema()));
    std::size_t compared = 0;
    for (const auto &[t, s] : wanted) {
        ASSERT_TRUE(got.contains(t));
        EXPECT_EQ(got.at(t), s) << target->schema().tensors[t].key;
        ++compared;
    }
    EXPECT_GE(compared, 225U);
    for (const auto &rule : mapping.rules)
        EXPECT_NE(rule.state, RuleState::ToReview) << rule.sources.front().text();
}

TEST_F(DemoPair, settledRulesStayAndComeFirst)
{
    SuggestOptions options;
    Rule settled;
    settled.sources = {Pattern::parse("image_encoder.neck.0.weight")};
    settled.targets = {Pattern::parse("vision_encoder.neck.conv1.weight")};
    settled.note = "mine";
    options.settled = {settled};
    const Mapping mapping = suggest(source->schema(), target->schema(), options);
    ASSERT_FALSE(mapping.rules.empty());
    EXPECT_EQ(mapping.rules.front(), settled);
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    EXPECT_TRUE(resolution.complete());
    EXPECT_EQ(resolution.count(TargetStatus::Conflicting), 0U);
}

} // namespace
} // namespace rekey
