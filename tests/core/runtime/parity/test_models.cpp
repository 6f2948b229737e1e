// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "tests/core/runtime/parity/samparity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace rekey;
using namespace rekey::test;
using testing::HasSubstr;

namespace {

Mapping copyAll()
{
    Mapping mapping;
    Rule rule;
    rule.sources = rule.targets = {Pattern::parse("{rest}")};
    mapping.rules = {rule};
    return mapping;
}

const LayerParityRow &rowOf(const ActivationParity &parity, const std::string &layer)
{
    const auto found = std::ranges::find(parity.rows, layer, &LayerParityRow::layer);
    if (found == parity.rows.end())
        throw std::out_of_range(layer);
    return *found;
}

} // namespace

TEST(ModelParity, EqualModelsAreEqualBitForBit)
{
    const ActivationParity parity = compareModels(samRequest(copyAll()));
    EXPECT_EQ(parity.verdict, ParityVerdict::Equal) << parity.summary;
    EXPECT_EQ(parity.count(LayerVerdict::Equal), parity.rows.size());
    // 26 of the encoder; prompts and decoder for two prompts.
    EXPECT_GE(parity.rows.size(), 26U + 2 * 27U);
    EXPECT_FALSE(parity.firstDivergence);
    const LayerParityRow &row = rowOf(parity, "encoder.blocks.2.attn");
    EXPECT_EQ(row.weights, LayerWeights::Equal);
    EXPECT_EQ(row.section, "encoder");
    EXPECT_EQ(row.keys.size(), 6U);
    EXPECT_EQ(row.rules, std::vector<std::uint32_t> {0});
    EXPECT_EQ(rowOf(parity, "encoder.blocks.2.out").weights, LayerWeights::None);
}

TEST(ModelParity, TracesEveryLayerThatTheModelLists)
{
    const auto model = runtime().openSegmenter({openCheckpoint(samFolder / "sam_tiny.pth"), {}, nullptr});
    std::vector<std::string> traced;
    model->setTrace([&](const std::string &name, const Shape &, std::span<const float>) { traced.push_back(name); });
    model->setImage(loadImage(samFolder / "square.png"));
    const std::size_t encoder = traced.size();
    Prompts prompts = samPrompts()[1].prompts;
    prompts.points = {{40, 72, true}};
    model->predict(prompts);
    std::vector<std::string> listed;
    for (const TracedLayer &layer : model->tracedLayers()) {
        EXPECT_EQ(layer.perPrompt, listed.size() >= encoder) << layer.name;
        for (const std::string &input : layer.inputs)
            EXPECT_NE(std::ranges::find(listed, input), listed.end())
                << layer.name << " is computed with " << input << ", which comes later";
        listed.push_back(layer.name);
    }
    EXPECT_EQ(listed, traced);
}

TEST(ModelParity, GoesOnWithReplacedValues)
{
    const auto model = runtime().openSegmenter({openCheckpoint(samFolder / "sam_tiny.pth"), {}, nullptr});
    const std::vector<float> zeros(8 * 8 * 32, 0);
    Recording recording(*model);
    model->setImage(loadImage(samFolder / "square.png"));
    const std::vector<float> usual = recording.at("encoder.blocks.1.norm1").numbers;
    std::map<std::string, std::vector<float>> found;
    model->setTrace(
        [&](const std::string &name, const Shape &, std::span<const float> values) {
            found[name] = {values.begin(), values.end()};
        },
        [&](const std::string &name, const Shape &) {
            return name == "encoder.blocks.0.out" ? std::span<const float>(zeros) : std::span<const float>();
        });
    model->setImage(loadImage(samFolder / "square.png"));
    EXPECT_EQ(found.at("encoder.blocks.0.out"), recording.at("encoder.blocks.0.out").numbers) << "the sink gets what was computed";
    EXPECT_NE(found.at("encoder.blocks.1.norm1"), usual);
    // A normalisation of nothing is its bias, alike for every token.
    const std::vector<float> &norm = found.at("encoder.blocks.1.norm1");
    EXPECT_TRUE(std::equal(norm.begin(), norm.begin() + 32, norm.end() - 32));
    model->setTrace([](const std::string &, const Shape &, std::span<const float>) {},
                    [&](const std::string &, const Shape &) { return std::span<const float>(zeros).first(5); });
    EXPECT_THROW(model->setImage(loadImage(samFolder / "square.png")), Error);
}

TEST(ModelParity, KeepsTheImplementationApartFromTheMapping)
{
    ModelParityRequest request = samRequest(copyAll());
    request.converted = {openCheckpoint(samFolder / "hf"), std::nullopt, nullptr};
    const ActivationParity parity = compareModels(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::ComputationDiffers) << parity.summary;
    EXPECT_THAT(parity.summary, HasSubstr("decoder_norm_eps 1e-05 and 1e-06"));
    ASSERT_TRUE(parity.firstDivergence);
    EXPECT_THAT(parity.rows[*parity.firstDivergence].layer, HasSubstr("decoder.layers.0.norm1"));
    EXPECT_TRUE(parity.weights->agrees());
    EXPECT_EQ(rowOf(parity, "encoder.image_embedding").verdict, LayerVerdict::Equal);
    EXPECT_EQ(rowOf(parity, "points: decoder.masks_all").verdict, LayerVerdict::Follows);
    EXPECT_EQ(rowOf(parity, "points: decoder.layers.1.keys").verdict, LayerVerdict::Drifts) << "a small one, but its own";
    EXPECT_THAT(rowOf(parity, "encoder.blocks.0.norm1").keys, testing::Contains("vision_encoder.layers.0.layer_norm1.weight"));
    request.convertedBehaviour = {{"decoder_norm_eps", 1e-5}};
    EXPECT_EQ(compareModels(request).verdict, ParityVerdict::Equal);
}

TEST(ModelParity, NamesTheLayerOfAWrongRule)
{
    const Schema schema = openCheckpoint(samFolder / "sam_tiny.pth")->schema();
    const ActivationParity parity
        = compareModels(samRequest(swapped(schema, "image_encoder.blocks.2.mlp.lin2.bias", "image_encoder.blocks.2.attn.proj.bias")));
    EXPECT_EQ(parity.verdict, ParityVerdict::WeightsDiffer);
    ASSERT_TRUE(parity.firstDivergence);
    const LayerParityRow &first = parity.rows[*parity.firstDivergence];
    EXPECT_EQ(first.layer, "encoder.blocks.2.attn");
    EXPECT_EQ(first.differingKeys, std::vector<std::string> {"image_encoder.blocks.2.attn.proj.bias"});
    EXPECT_EQ(first.rules.front(), 1U);
    EXPECT_THAT(first.reason, HasSubstr("has the values of image_encoder.blocks.2.mlp.lin2.bias"));
    EXPECT_EQ(rowOf(parity, "encoder.blocks.2.norm2").verdict, LayerVerdict::Follows);
    EXPECT_EQ(rowOf(parity, "encoder.blocks.1.out").verdict, LayerVerdict::Equal);
    const ErrorOverDepth plot = parity.errorOverDepth();
    EXPECT_EQ(plot.accumulated.size(), parity.rows.size());
    EXPECT_EQ(plot.sections.front().name, "encoder");
    EXPECT_EQ(plot.sections.back().last, parity.rows.size() - 1);
    EXPECT_GT(plot.isolated[*parity.firstDivergence].error, 1e-3);
}

/// bf16 beside fp32: rounding everywhere, and a wrong rule is still more than that.
TEST(ModelParity, ComputesInHalfPrecision)
{
    ModelParityRequest request = samRequest(copyAll());
    request.precision = Precision::BF16;
    request.tolerance = toleranceHalf;
    const ActivationParity parity = compareModels(request);
    EXPECT_EQ(parity.precision, Precision::BF16);
    EXPECT_EQ(parity.verdict, ParityVerdict::WithinTolerance) << parity.summary;
    EXPECT_FALSE(parity.firstDivergence);
    const double attention = rowOf(parity, "encoder.blocks.2.attn").isolated->error();
    EXPECT_GT(attention, 1e-5) << "computed in bf16";
    EXPECT_LE(attention, 1e-2);
    EXPECT_EQ(rowOf(parity, "encoder.blocks.2.norm1").isolated->error(), 0) << "in fp32 of the reference's input";
    EXPECT_EQ(rowOf(parity, "points: decoder.hyper.0").isolated->error(), 0);
    request.tolerance = toleranceF32;
    EXPECT_NE(compareModels(request).verdict, ParityVerdict::WithinTolerance) << "fp32's tolerance is no measure of it";

    const Schema schema = openCheckpoint(samFolder / "sam_tiny.pth")->schema();
    ModelParityRequest wrong
        = samRequest(swapped(schema, "image_encoder.blocks.2.attn.proj.weight", "image_encoder.blocks.1.attn.proj.weight"));
    wrong.precision = Precision::BF16;
    wrong.tolerance = toleranceHalf;
    const ActivationParity named = compareModels(wrong);
    EXPECT_EQ(named.verdict, ParityVerdict::WeightsDiffer);
    ASSERT_TRUE(named.firstDivergence);
    EXPECT_EQ(named.rows[*named.firstDivergence].layer, "encoder.blocks.1.attn");
}

TEST(ModelParity, KeepsWholeBlocksWhereMemoryIsShort)
{
    const Schema schema = openCheckpoint(samFolder / "sam_tiny.pth")->schema();
    ModelParityRequest request = samRequest(swapped(schema, "image_encoder.blocks.2.norm1.weight", "image_encoder.blocks.2.norm2.weight"));
    request.memoryLimit = 100'000;
    const ActivationParity parity = compareModels(request);
    ASSERT_FALSE(parity.warnings.empty());
    ASSERT_TRUE(parity.firstDivergence);
    const LayerParityRow &first = parity.rows[*parity.firstDivergence];
    EXPECT_EQ(first.layer, "encoder.blocks.2.out");
    EXPECT_EQ(first.differingKeys.size(), 2U);
    EXPECT_EQ(first.keys.size(), 6U + 4U + 4U);
}

TEST(ModelParity, StopsWhenAskedAndRefusesOtherSizes)
{
    ModelParityRequest request = samRequest(copyAll());
    const ModelParity reference(request);
    EXPECT_EQ(reference.check(request.converted).verdict, ParityVerdict::Equal);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(reference.check(request.converted, {}, Progress(stop.get_token(), {})), Cancelled);
    request.converted = {openCheckpoint(samFolder / "edge_pad.pth"), std::nullopt, nullptr};
    EXPECT_THROW(compareModels(request), Error);
}

TEST(ModelParity, AnImageEncoderAloneIsComparedWithoutPrompts)
{
    ModelParityRequest request = samRequest(copyAll());
    request.reference.checkpoint = openCheckpoint(samFolder / "edge_pad.pth");
    request.converted = request.reference;
    const ActivationParity parity = compareModels(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::Equal) << parity.summary;
    EXPECT_EQ(parity.rows.size(), 2U + 2 * 5 + 4);
}
