// SPDX-License-Identifier: GPL-3.0-or-later
// Experts that are modules of their own on one side and one tensor for all on the other: few rules, right whatever the number of experts.
#include "core/mapping/resolution.h"
#include "core/suggest/stackedexperts.h"
#include "tests/core/suggest/synthetic.h"

#include <gtest/gtest.h>

namespace rekey {
namespace {

using testdata::addTo;
using testdata::SchemaPair;

constexpr std::int64_t wide = 96, narrow = 64, vocabulary = 512;

std::string number(std::int64_t n) { return std::to_string(n); }

/// first: "experts.{e}.gate_proj"; second: "experts.gate_up_proj", and input first where wanted.
SchemaPair mixture(std::int64_t layers, std::int64_t experts, bool inputFirst)
{
    SchemaPair pair;
    for (auto *side : {&pair.first, &pair.second}) {
        addTo(*side, "embed_tokens.weight", {vocabulary, narrow});
        for (std::int64_t i = 0; i < layers; ++i) {
            const std::string layer = "layers." + number(i) + '.';
            for (const char *name : {"q_proj", "k_proj", "v_proj", "o_proj"})
                addTo(*side, layer + "self_attn." + name + ".weight", {narrow, narrow});
            addTo(*side, layer + "mlp.gate.weight", {experts, narrow});
            for (std::int64_t e = 0; side == &pair.first && e < experts; ++e) {
                const std::string expert = layer + "mlp.experts." + number(e) + '.';
                addTo(*side, expert + "gate_proj.weight", {wide, narrow});
                addTo(*side, expert + "up_proj.weight", {wide, narrow});
                addTo(*side, expert + "down_proj.weight", {narrow, wide});
            }
            if (side == &pair.second) {
                addTo(*side, layer + "mlp.experts.gate_up_proj",
                      inputFirst ? Shape {experts, narrow, 2 * wide} : Shape {experts, 2 * wide, narrow});
                addTo(*side, layer + "mlp.experts.down_proj", inputFirst ? Shape{experts, wide, narrow} : Shape{experts, narrow, wide});
            }
            addTo(*side, layer + "input_layernorm.weight", {narrow});
            addTo(*side, layer + "post_attention_layernorm.weight", {narrow});
        }
    }
    return pair;
}

class Experts : public testing::TestWithParam<bool>
{
};

TEST_P(Experts, areStackedInTheOrderOfTheirNumbers)
{
    const std::int64_t experts = 12; // "10" before "2" by name
    const auto [source, target] = mixture(3, experts, GetParam());
    const Mapping mapping = suggest(source, target);
    EXPECT_LE(mapping.rules.size(), 6U);
    const Resolution resolution = resolve(mapping, source, target);
    EXPECT_EQ(resolution.count(TargetStatus::Filled), target.tensors.size());
    for (const auto &assignment : resolution.assignments) {
        const std::string &key = target.tensors[assignment.targets.front()].key;
        const bool fused = key.ends_with("gate_up_proj");
        if (!fused && !key.ends_with("experts.down_proj"))
            continue;
        ASSERT_EQ(assignment.sources.size(), static_cast<std::size_t>(fused ? 2 * experts : experts)) << key;
        for (std::size_t s = 0; s < assignment.sources.size(); ++s) {
            const std::string name = !fused ? "down" : s < static_cast<std::size_t>(experts) ? "gate" : "up";
            const std::string wanted = key.substr(0, key.find("experts.")) + "experts." + number(static_cast<std::int64_t>(s) % experts)
                                       + '.' + name + "_proj.weight";
            EXPECT_EQ(source.tensors[assignment.sources[s]].key, wanted);
        }
        const Rule &rule = mapping.rules[assignment.rule];
        EXPECT_EQ(rule.confidence >= 0.9, !fused) << "whose rows come first, only the name says";
        const std::string text = transformText(rule.transform);
        EXPECT_EQ(text.find("transpose") != std::string::npos, GetParam()) << text;
        EXPECT_NE(text.find("stack dim 0"), std::string::npos) << text;
    }
}

TEST_P(Experts, areTakenApart)
{
    const auto [target, source] = mixture(2, 5, GetParam());
    const Mapping mapping = suggest(source, target);
    EXPECT_LE(mapping.rules.size(), 6U);
    const Resolution resolution = resolve(mapping, source, target);
    EXPECT_EQ(resolution.count(TargetStatus::Filled), target.tensors.size());
    EXPECT_EQ(resolution.count(SourceStatus::Unused), 0U);
}

INSTANTIATE_TEST_SUITE_P(Lying, Experts, testing::Bool(), [](const auto &test) { return test.param ? "inputFirst" : "outputFirst"; });

TEST(StackedExperts, thatAreModulesOnBothSidesNeedNothing)
{
    const auto pair = testdata::mixtureOfExperts(2'000);
    const Skipped open{std::vector<bool>(pair.first.tensors.size()), std::vector<bool>(pair.second.tensors.size())};
    EXPECT_FALSE(StackedExperts(pair.first, pair.second, open).any());
}

TEST(StackedExperts, hundredsInManyLayers)
{
    const auto [source, target] = mixture(40, 64, false);
    const Mapping mapping = suggest(source, target);
    EXPECT_LE(mapping.rules.size(), 6U);
    EXPECT_EQ(resolve(mapping, source, target).count(TargetStatus::Filled), target.tensors.size());
}

} // namespace
} // namespace rekey
