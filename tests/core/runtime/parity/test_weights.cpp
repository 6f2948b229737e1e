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
