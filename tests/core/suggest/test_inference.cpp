// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gmock/gmock.h>

namespace rekey {
namespace {

void add(Schema &schema, const std::string &key, const Shape &shape)
{
    schema.tensors.push_back({key, shape, DType::F32, static_cast<std::uint32_t>(schema.tensors.size())});
}

std::uint32_t at(const Schema &schema, const std::string &key)
{
    return static_cast<std::uint32_t>(SchemaIndex(schema).find(key));
}

std::string text(const Rule &rule)
{
    std::string result;
    for (const auto &pattern : rule.sources)
        result += pattern.text() + ' ';
    result += "->";
    for (const auto &pattern : rule.targets)
        result += ' ' + pattern.text();
    return result;
}

/// Three blocks with separate q, k, v and a linear layer; and with fused qkv and the layer transposed.
struct Blocks : testing::Test
{
    Schema parts, fused;
    Blocks()
    {
        for (int block = 0; block < 3; ++block) {
            const std::string p = "enc.layers." + std::to_string(block) + ".", f = "blocks." + std::to_string(block + 1) + ".";
            for (const std::string name : {"v_proj", "q_proj", "k_proj"}) {
                add(parts, p + name + ".weight", {4, 4});
                add(parts, p + name + ".bias", {4});
            }
            add(parts, p + "up.weight", {8, 4});
            add(fused, f + "qkv.weight", {12, 4});
            add(fused, f + "qkv.bias", {12});
            add(fused, f + "grow.kernel", {4, 8});
        }
    }
};

TEST_F(Blocks, leafToLeafInEveryBlock)
{
    const std::vector<std::uint32_t> from = {at(parts, "enc.layers.1.up.weight")}, to = {at(fused, "blocks.2.grow.kernel")};
    const Inference inference = inferRules(from, to, parts, fused);
    ASSERT_EQ(inference.rules.size(), 1U);
    EXPECT_EQ(text(inference.rules[0]), "enc.layers.{i}.up.weight -> blocks.{i+1}.grow.kernel");
    EXPECT_EQ(transformText(inference.rules[0].transform), transformText({Step{Transpose{0, 1}}}));
    ASSERT_EQ(inference.literal.size(), 1U);
    EXPECT_EQ(text(inference.literal[0]), "enc.layers.1.up.weight -> blocks.2.grow.kernel");
    EXPECT_THAT(inference.text, testing::HasSubstr("×3"));
    EXPECT_EQ(inference.rules[0].state, RuleState::Accepted);
}

TEST_F(Blocks, queryKeyValueJoinInTheirOrderWhateverTheSelection)
{
    const std::vector<std::uint32_t> from = {at(parts, "enc.layers.0.v_proj.weight"), at(parts, "enc.layers.0.q_proj.weight"),
                                             at(parts, "enc.layers.0.k_proj.weight")};
    const std::vector<std::uint32_t> to = {at(fused, "blocks.1.qkv.weight")};
    const Inference inference = inferRules(from, to, parts, fused);
    ASSERT_EQ(inference.rules.size(), 1U);
    EXPECT_EQ(text(inference.rules[0]),
              "enc.layers.{i}.q_proj.weight enc.layers.{i}.k_proj.weight enc.layers.{i}.v_proj.weight -> blocks.{i+1}.qkv.weight");
    EXPECT_EQ(inference.text, "3 → 1, concat dim 0, ×3");
    ASSERT_EQ(inference.added.size(), 2U); // the other two blocks, to be shown before they are mapped as well
    EXPECT_EQ(inference.added[0].targets, (std::vector<std::uint32_t>{at(fused, "blocks.2.qkv.weight")}));
    EXPECT_EQ(inference.added[1].targets, (std::vector<std::uint32_t>{at(fused, "blocks.3.qkv.weight")}));
    EXPECT_EQ(inference.added[1].sources.front(), at(parts, "enc.layers.2.q_proj.weight"));
}

TEST_F(Blocks, oneBecomesThree)
{
    const std::vector<std::uint32_t> from = {at(fused, "blocks.2.qkv.bias")};
    const std::vector<std::uint32_t> to = {at(parts, "enc.layers.1.q_proj.bias"), at(parts, "enc.layers.1.k_proj.bias"),
                                           at(parts, "enc.layers.1.v_proj.bias")};
    const Inference inference = inferRules(from, to, fused, parts);
    ASSERT_EQ(inference.rules.size(), 1U);
    Mapping mapping;
    mapping.rules = inference.rules;
    const Resolution resolution = resolve(mapping, fused, parts);
    EXPECT_EQ(resolution.count(TargetStatus::Filled), 9U);
    EXPECT_EQ(resolution.count(TargetStatus::Mismatched), 0U);
}

TEST_F(Blocks, blockToBlock)
{
    std::vector<std::uint32_t> from, to;
    for (std::uint32_t i = 0; i < parts.tensors.size(); ++i)
        if (parts.tensors[i].key.find("layers.0.") != std::string::npos)
            from.push_back(i);
    for (std::uint32_t i = 0; i < fused.tensors.size(); ++i)
        if (fused.tensors[i].key.find("blocks.1.") != std::string::npos)
            to.push_back(i);
    const Inference inference = inferRules(from, to, parts, fused);
    Mapping mapping;
    mapping.rules = inference.rules;
    const Resolution resolution = resolve(mapping, parts, fused);
    EXPECT_EQ(resolution.count(TargetStatus::Filled), fused.tensors.size());
    mapping.rules = inference.literal;
    EXPECT_EQ(resolve(mapping, parts, fused).count(TargetStatus::Filled), 3U);
}

TEST_F(Blocks, refusesWithBothShapes)
{
    const std::vector<std::uint32_t> from = {at(parts, "enc.layers.0.up.weight")}, to = {at(fused, "blocks.1.qkv.weight")};
    try {
        inferRules(from, to, parts, fused);
        FAIL() << "8×4 became 12×4";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("8×4"));
        EXPECT_THAT(error.what(), testing::HasSubstr("12×4"));
        EXPECT_THAT(error.what(), testing::HasSubstr("dimension 0"));
    }
}

TEST_F(Blocks, expertsStack)
{
    Schema one, all;
    for (int expert = 0; expert < 4; ++expert)
        add(one, "moe.experts." + std::to_string(expert) + ".w", {3, 5});
    add(all, "moe.w", {4, 3, 5});
    const std::vector<std::uint32_t> from = {0, 1, 2, 3}, to = {0};
    const Inference inference = inferRules(from, to, one, all);
    Mapping mapping;
    mapping.rules = inference.rules;
    EXPECT_EQ(resolve(mapping, one, all).count(TargetStatus::Filled), 1U);
}

} // namespace
} // namespace rekey
