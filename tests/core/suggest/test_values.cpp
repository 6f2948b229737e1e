// SPDX-License-Identifier: GPL-3.0-or-later
// Targets with real weights: the values decide, whatever names and order say.
#include "valueevidence.h"

#include <gmock/gmock.h>

#include <cstring>

namespace rekey {
namespace {

using testdata::joined;
using testdata::ValueEvidence;
using testdata::Values;

TEST_F(ValueEvidence, swappedNormsAndRenamedSiblings)
{
    std::vector<Values> from, to;
    for (int block = 0; block < 3; ++block) {
        const std::string b = "blocks." + std::to_string(block) + ".";
        from.push_back(tensor(b + "norm1.weight", {8}));
        from.push_back(tensor(b + "norm2.weight", {8}));
        from.push_back(tensor(b + "a.weight", {8, 8}));
        from.push_back(tensor(b + "b.weight", {8, 8}));
    }
    for (int block = 0; block < 3; ++block) {
        const std::string b = "blocks." + std::to_string(block) + ".";
        const auto &n1 = from[static_cast<std::size_t>(block) * 4].data, &n2 = from[static_cast<std::size_t>(block) * 4 + 1].data;
        const auto &a = from[static_cast<std::size_t>(block) * 4 + 2].data, &c = from[static_cast<std::size_t>(block) * 4 + 3].data;
        to.push_back({b + "norm1.weight", {8}, n2});
        to.push_back({b + "norm2.weight", {8}, n1});
        to.push_back({b + "a.weight", {8, 8}, c});
        to.push_back({b + "b.weight", {8, 8}, a});
    }
    const auto source = write("from", from), target = write("to", to);
    const Mapping mapping = suggested(source, target);
    auto got = pairs(mapping, source->schema(), target->schema());
    EXPECT_THAT(got["blocks.1.norm1.weight"], testing::ElementsAre("blocks.1.norm2.weight"));
    EXPECT_THAT(got["blocks.2.norm2.weight"], testing::ElementsAre("blocks.2.norm1.weight"));
    EXPECT_THAT(got["blocks.0.a.weight"], testing::ElementsAre("blocks.0.b.weight"));
    for (const auto &rule : mapping.rules) {
        EXPECT_EQ(rule.state, RuleState::Proven);
        EXPECT_THAT(rule.evidence, testing::Contains("values equal"));
    }
}

TEST_F(ValueEvidence, shuffledPartsOfAFusedTarget)
{
    const Values q = tensor("l.0.attn.q_proj.weight", {8, 8}), k = tensor("l.0.attn.k_proj.weight", {8, 8}),
                 v = tensor("l.0.attn.v_proj.weight", {8, 8});
    const auto source = write("from", {q, k, v});
    const auto target = write("to", {{"b.0.attn.qkv.weight", {24, 8}, joined({&v.data, &q.data, &k.data})}});
    const Mapping mapping = suggested(source, target);
    auto got = pairs(mapping, source->schema(), target->schema());
    EXPECT_THAT(got["b.0.attn.qkv.weight"], testing::ElementsAre(v.key, q.key, k.key));
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
}

TEST_F(ValueEvidence, shuffledPartsOfAFusedSource)
{
    const Values q = tensor("l.0.attn.query.weight", {8, 8}), k = tensor("l.0.attn.key.weight", {8, 8}),
                 v = tensor("l.0.attn.value.weight", {8, 8});
    const auto source = write("from", {{"b.0.attn.qkv.weight", {24, 8}, joined({&k.data, &v.data, &q.data})}});
    const auto target = write("to", {q, k, v});
    const Mapping mapping = suggested(source, target);
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
    ASSERT_EQ(mapping.rules[0].targets.size(), 3U);
    EXPECT_EQ(mapping.rules[0].targets[0].text(), k.key);
    EXPECT_EQ(mapping.rules[0].targets[1].text(), v.key);
    EXPECT_EQ(mapping.rules[0].targets[2].text(), q.key);
}

TEST_F(ValueEvidence, shuffledBlocksWhereBothAreFused)
{
    const std::vector<float> q = noise({8, 8}), k = noise({8, 8}), v = noise({8, 8});
    const auto source = write("from", {{"attn.qkv.weight", {24, 8}, joined({&q, &k, &v})}});
    const auto target = write("to", {{"attn.qkv.weight", {24, 8}, joined({&q, &v, &k})}});
    const Mapping mapping = suggested(source, target);
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    EXPECT_EQ(resolution.count(TargetStatus::Filled), 1U);
    const auto *slice = std::get_if<Slice>(&mapping.rules[0].transform.at(1).op);
    ASSERT_NE(slice, nullptr);
    EXPECT_EQ(slice->start, 16);
}

TEST_F(ValueEvidence, headsInterleaved)
{
    // Rows [3, heads 4, size 2] become [heads, 3, size]: what GPT-NeoX calls query_key_value.
    const Values q = tensor("attn.q_proj.weight", {8, 4}), k = tensor("attn.k_proj.weight", {8, 4}),
                 v = tensor("attn.v_proj.weight", {8, 4});
    std::vector<float> mixed;
    for (std::ptrdiff_t head = 0; head < 4; ++head)
        for (const auto *part : {&q.data, &k.data, &v.data})
            mixed.insert(mixed.end(), part->begin() + head * 8, part->begin() + head * 8 + 8);
    const auto source = write("from", {{"attn.qkv.weight", {24, 4}, joined({&q.data, &k.data, &v.data})}});
    const auto target = write("to", {{"attn.query_key_value.weight", {24, 4}, mixed}});
    const Mapping mapping = suggested(source, target);
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
    ASSERT_EQ(mapping.rules[0].transform.size(), 1U);
    const auto *interleave = std::get_if<Interleave>(&mapping.rules[0].transform[0].op);
    ASSERT_NE(interleave, nullptr);
    EXPECT_EQ(*interleave, (Interleave{0, 1, 3, 4}));
}

TEST_F(ValueEvidence, squareMatrixTransposed)
{
    const Values square = tensor("mlp.fc.weight", {6, 6});
    std::vector<float> turned(36);
    for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 6; ++j)
            turned[j * 6 + i] = square.data[i * 6 + j];
    const auto source = write("from", {square}), target = write("to", {{"mlp.fc.weight", {6, 6}, turned}});
    const Mapping mapping = suggested(source, target);
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
    EXPECT_EQ(mapping.rules[0].transform, (Transform{Step{Transpose{0, 1}}}));
}

TEST_F(ValueEvidence, freshTargetProvesNothingAndHarmsNothing)
{
    std::vector<Values> from, to;
    for (int i = 0; i < 4; ++i) {
        from.push_back(tensor("layers." + std::to_string(i) + ".fc.weight", {8, 8}));
        from.push_back(tensor("layers." + std::to_string(i) + ".norm.weight", {8}));
        to.push_back(tensor("h." + std::to_string(i) + ".dense.weight", {8, 8}));
        to.push_back({"h." + std::to_string(i) + ".ln.weight", {8}, std::vector<float>(8, 1.0F)});
    }
    const auto source = write("from", from), target = write("to", to);
    const Mapping mapping = suggested(source, target);
    auto got = pairs(mapping, source->schema(), target->schema());
    EXPECT_EQ(got.size(), 8U);
    EXPECT_THAT(got["h.2.dense.weight"], testing::ElementsAre("layers.2.fc.weight"));
    for (const auto &rule : mapping.rules)
        EXPECT_NE(rule.state, RuleState::Proven);
}

TEST_F(ValueEvidence, halfPrecisionTargetIsComparedAfterRounding)
{
    const Values a = tensor("a.weight", {16, 16}), b = tensor("b.weight", {16, 16});
    const auto source = write("from", {a, b});
    Schema schema;
    schema.tensors = {{"x.weight", {16, 16}, DType::BF16, 0}, {"y.weight", {16, 16}, DType::BF16, 1}};
    const std::filesystem::path path = folder / "to.safetensors";
    writerFor(path).write(path, schema, [&](std::size_t i, const ByteSink &sink) {
        std::vector<std::uint16_t> half;
        for (const float value : (i == 0 ? b : a).data) {
            std::uint32_t bits = 0;
            std::memcpy(&bits, &value, 4);
            half.push_back(static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16));
        }
        sink(std::as_bytes(std::span(half)));
    }, {}, {});
    const auto target = openCheckpoint(path);
    auto got = pairs(suggested(source, target), source->schema(), target->schema());
    EXPECT_THAT(got["x.weight"], testing::ElementsAre("b.weight"));
    EXPECT_THAT(got["y.weight"], testing::ElementsAre("a.weight"));
}

TEST_F(ValueEvidence, oneAddedToANorm)
{
    std::vector<Values> from = {tensor("a.weight", {8, 8}), tensor("b.weight", {8, 4}), tensor("norm.weight", {16})}, to = from;
    for (float &value : to[2].data)
        value += 1;
    const auto source = write("from", from), target = write("to", to);
    const Mapping mapping = suggested(source, target);
    const auto norm = std::find_if(mapping.rules.begin(), mapping.rules.end(), [](const Rule &rule) { return !rule.transform.empty(); });
    ASSERT_NE(norm, mapping.rules.end());
    EXPECT_EQ(norm->transform, (Transform{Step{Add{1}}}));
    EXPECT_EQ(norm->state, RuleState::Proven);
    EXPECT_THAT(norm->evidence, testing::Contains("values equal once 1 is added"));
}

TEST_F(ValueEvidence, rotaryHalvesBecomePairs)
{
    // Two heads of size 8: rows [heads, 2, 4] become [heads, 4, 2], weight and bias alike.
    const Values weight = tensor("q_proj.weight", {16, 4}), bias = tensor("q_proj.bias", {16});
    std::vector<float> rows, biases;
    for (std::ptrdiff_t head = 0; head < 2; ++head)
        for (std::ptrdiff_t pair = 0; pair < 4; ++pair)
            for (std::ptrdiff_t half = 0; half < 2; ++half) {
                const std::ptrdiff_t row = head * 8 + half * 4 + pair;
                rows.insert(rows.end(), weight.data.begin() + row * 4, weight.data.begin() + row * 4 + 4);
                biases.push_back(bias.data[static_cast<std::size_t>(row)]);
            }
    const auto source = write("from", {weight, bias}), target = write("to", {{"wq.weight", {16, 4}, rows}, {"wq.bias", {16}, biases}});
    const Mapping mapping = suggested(source, target);
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
    EXPECT_EQ(mapping.rules[0].transform, (Transform{Step{Interleave{0, 2, 2, 4}}}));
}

TEST_F(ValueEvidence, headsOfAFusedSourcePartedAgain)
{
    const Values q = tensor("q_proj.weight", {8, 4}), k = tensor("k_proj.weight", {8, 4}), v = tensor("v_proj.weight", {8, 4});
    std::vector<float> mixed;
    for (std::ptrdiff_t head = 0; head < 4; ++head)
        for (const auto *part : {&q.data, &k.data, &v.data})
            mixed.insert(mixed.end(), part->begin() + head * 8, part->begin() + head * 8 + 8);
    const auto source = write("from", {{"query_key_value.weight", {24, 4}, mixed}}), target = write("to", {q, k, v});
    const Mapping mapping = suggested(source, target);
    ASSERT_EQ(mapping.rules.size(), 1U);
    EXPECT_EQ(mapping.rules[0].state, RuleState::Proven);
    EXPECT_EQ(mapping.rules[0].transform, (Transform{Step{Interleave{0, 1, 4, 3}}, Step{Split{0, 3, {}}}}));
}

TEST_F(ValueEvidence, twoTowersThatChangedPlaces)
{
    std::vector<Values> from, to;
    for (const std::string tower : {"vision_model.", "text_model."})
        for (const std::string layer : {"0.", "1."}) {
            const std::string other = tower == "text_model." ? "vision_model." : "text_model.";
            const Values weight = tensor(tower + "layers." + layer + "fc.weight", {12, 12});
            from.push_back(weight);
            from.push_back({tower + "layers." + layer + "fc.bias", {12}, std::vector<float>(12, 0.0F)});
            to.push_back({other + "layers." + layer + "fc.weight", {12, 12}, weight.data});
            to.push_back({other + "layers." + layer + "fc.bias", {12}, std::vector<float>(12, 0.0F)});
        }
    const auto source = write("from", from), target = write("to", to);
    auto got = pairs(suggested(source, target), source->schema(), target->schema());
    EXPECT_THAT(got["text_model.layers.1.fc.weight"], testing::ElementsAre("vision_model.layers.1.fc.weight"));
    EXPECT_THAT(got["text_model.layers.1.fc.bias"], testing::ElementsAre("vision_model.layers.1.fc.bias")); // beside its weight
    EXPECT_THAT(got["vision_model.layers.0.fc.weight"], testing::ElementsAre("text_model.layers.0.fc.weight"));
}

TEST_F(ValueEvidence, readsEachByteOnce)
{
    const auto source = write("from", {tensor("a.weight", {64, 64}), tensor("b.weight", {32})}),
               target = write("to", {tensor("a.weight", {64, 64})});
    ValueReport report;
    SuggestOptions options;
    options.sourceValues = source.get();
    options.targetValues = target.get();
    options.report = &report;
    suggest(source->schema(), target->schema(), options);
    EXPECT_EQ(report.bytesRead, 4U * (64 * 64 + 32 + 64 * 64));
    EXPECT_EQ(report.provenTargets, 0U);
}

} // namespace
} // namespace rekey
