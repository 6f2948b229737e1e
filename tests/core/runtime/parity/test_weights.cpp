// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "tests/core/runtime/parity/samparity.h"

#include "core/mapping/architectures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace rekey;
using namespace rekey::test;
using testing::HasSubstr;

namespace {

Mapping originalToHuggingFace()
{
    for (const Architecture &architecture : architectures()) {
        if (architecture.id == "sam")
            return namingMapping(architecture, "original", "hf");
    }
    throw std::out_of_range("sam");
}

} // namespace

TEST(WeightParity, AConversionAgreesWithTheRealTarget)
{
    const WeightParity parity
        = weightParity({openCheckpoint(samFolder / "sam_tiny.pth"), openCheckpoint(samFolder / "hf"), originalToHuggingFace()});
    EXPECT_TRUE(parity.agrees());
    EXPECT_EQ(parity.count(WeightVerdict::Equal), parity.rows.size());
    EXPECT_EQ(parity.rows.size(), openCheckpoint(samFolder / "hf")->tensors().size());
    const WeightParityRow *row = parity.find("vision_encoder.layers.1.layer_norm2.bias");
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->sources, std::vector<std::string> {"image_encoder.blocks.1.norm2.bias"});
    EXPECT_NE(row->rule, none);
}

TEST(WeightParity, NamesWhatIsMixedUp)
{
    const CheckpointPtr original = openCheckpoint(samFolder / "sam_tiny.pth");
    const Mapping mapping = swapped(original->schema(), "image_encoder.blocks.0.norm1.weight", "image_encoder.blocks.0.norm2.weight");
    const WeightParity parity = weightParity({original, original, mapping});
    EXPECT_EQ(parity.count(WeightVerdict::Different), 2U);
    EXPECT_EQ(parity.count(WeightVerdict::Equal), parity.rows.size() - 2);
    const WeightParityRow *row = parity.find("image_encoder.blocks.0.norm1.weight");
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->holdsValuesOf, "image_encoder.blocks.0.norm2.weight");
    EXPECT_GT(row->difference.maxAbsolute, 0.1);
    EXPECT_GT(row->difference.relative, 0.05);
    EXPECT_LT(row->difference.cosine, 1);
}

TEST(WeightParity, ComparesConvertedTensorsAndTellsShapes)
{
    const CheckpointPtr original = openCheckpoint(samFolder / "sam_tiny.pth");
    const std::string matrix = "image_encoder.blocks.0.attn.proj.weight", narrow = "image_encoder.blocks.0.norm1.bias";
    Mapping mapping = swapped(original->schema(), matrix, narrow);
    mapping.rules[0] = copyRule(matrix, matrix);
    mapping.rules[0].transform = parseTransform("transpose 0 1");
    mapping.rules[1] = copyRule("image_encoder.blocks.0.mlp.lin1.bias", narrow);
    const WeightParity parity = weightParity({original, original, mapping});
    EXPECT_EQ(parity.find(matrix)->verdict, WeightVerdict::Different);
    const WeightParityRow *shape = parity.find(narrow);
    EXPECT_EQ(shape->verdict, WeightVerdict::Different);
    EXPECT_EQ(shape->arriving, (Shape {128}));
    EXPECT_FALSE(shape->reason.empty());
    EXPECT_THROW(weightParity({original, checkpointFromSchema(original->schema()), mapping}), Error);
}

TEST(WeightParity, QuantisedTensorsAreComparedByWhatTheyStandFor)
{
    const std::filesystem::path folder = std::filesystem::path(REKEY_TEST_DATA) / "parity";
    const CheckpointPtr real = openCheckpoint(folder / "quantised_float.pt"), quantised = openCheckpoint(folder / "quantised.pt");
    Mapping mapping;
    mapping.rules = {copyRule("fc.weight", "fc.weight"), copyRule("fc.weight", "fc.transposed")};
    mapping.rules[1].transform = parseTransform("transpose 0 1");
    const WeightParity rounded = weightParity({real, quantised, mapping});
    ASSERT_EQ(rounded.rows.size(), 2U);
    for (const WeightParityRow &row : rounded.rows) {
        EXPECT_EQ(row.verdict, WeightVerdict::WithinTolerance) << row.key << ": " << row.difference.maxAbsolute;
        EXPECT_GT(row.difference.maxAbsolute, 0) << row.key;
        EXPECT_LT(row.tolerance, 0.05) << row.key << ": a step of 255, not more";
    }
    EXPECT_EQ(weightParity({quantised, quantised, std::nullopt}).count(WeightVerdict::Equal), 2U);
    // The same integers with twice the scale are other numbers.
    const WeightParity rescaled = weightParity({quantised, openCheckpoint(folder / "quantised_rescaled.pt"), std::nullopt});
    EXPECT_EQ(rescaled.find("fc.weight")->verdict, WeightVerdict::Different);
    EXPECT_EQ(rescaled.find("fc.transposed")->verdict, WeightVerdict::Equal);
}

TEST(WeightParity, AFreshTargetIsToldFromAWrongMapping)
{
    const CheckpointPtr original = openCheckpoint(samFolder / "sam_tiny.pth"), other = openCheckpoint(samFolder / "hf");
    EXPECT_FALSE(weightParity({original, other, originalToHuggingFace()}).targetLooksFresh());
    // The demo's target: the same layout as its model was created.
    const std::filesystem::path demo = std::filesystem::path(REKEY_RESOURCES) / "demo";
    const CheckpointPtr fresh = openCheckpoint(demo / "hf_sam_tiny_init");
    EXPECT_TRUE(weightParity({openCheckpoint(demo / "sam_tiny.pth"), fresh, originalToHuggingFace()}).targetLooksFresh());
    // Every matrix in the wrong place, and still no fresh target: the values are there, elsewhere.
    Mapping wrong;
    for (const char *block : {"0", "1"}) {
        const std::string attention = std::string("image_encoder.blocks.") + block;
        const std::string next = std::string("image_encoder.blocks.") + (*block == '0' ? "1" : "0");
        for (const char *leaf : {".attn.qkv.weight", ".attn.proj.weight", ".mlp.lin1.weight", ".mlp.lin2.weight"})
            wrong.rules.push_back(copyRule(attention + leaf, next + leaf));
    }
    EXPECT_FALSE(weightParity({original, original, wrong}).targetLooksFresh());
}
