// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "tests/core/runtime/parity/samparity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace rekey;
using namespace rekey::test;
using testing::HasSubstr;

namespace {

RecordedParityRequest recordedRequest(const char *reference, const char *model)
{
    RecordedParityRequest request;
    request.reference = openCheckpoint(samFolder / reference);
    request.converted.checkpoint = openCheckpoint(samFolder / model);
    for (const char *picture : {"wide", "tall", "square"})
        request.images[picture] = loadImage(samFolder / (std::string(picture) + ".png"));
    return request;
}

} // namespace

TEST(RecordedParity, EveryLayerOfTheOriginalIsWithin1e4)
{
    const ActivationParity parity = compareWithRecorded(recordedRequest("reference.safetensors", "sam_tiny.pth"));
    EXPECT_EQ(parity.verdict, ParityVerdict::WithinTolerance) << parity.summary;
    std::size_t compared = 0;
    for (const LayerParityRow &row : parity.rows) {
        if (!row.accumulated)
            continue;
        ++compared;
        EXPECT_LE(row.accumulated->difference.maxAbsolute, 1e-4) << row.layer;
        ASSERT_TRUE(row.isolated) << row.layer;
        EXPECT_LE(row.isolated->difference.maxAbsolute, 1e-5) << row.layer;
    }
    EXPECT_GE(compared, 120U);
    EXPECT_TRUE(parity.warnings.empty()) << parity.warnings.front();
}

TEST(RecordedParity, EveryLayerOfHuggingFaceIsWithin1e4)
{
    const ActivationParity parity = compareWithRecorded(recordedRequest("reference_hf.safetensors", "hf"));
    // A prompt-less case is one zero token there and none here; all else is compared.
    std::size_t compared = 0;
    for (const LayerParityRow &row : parity.rows) {
        if (row.accumulated) {
            ++compared;
            EXPECT_LE(row.accumulated->difference.maxAbsolute, 1e-4) << row.layer;
        }
    }
    // The file holds no prompts: only the encoder's layers can be compared.
    EXPECT_EQ(compared, 7U);
    EXPECT_THAT(parity.warnings, testing::Contains(HasSubstr("does not hold its prompts")));
}

TEST(RecordedParity, NamesASwapWithoutTheReferencesWeights)
{
    RecordedParityRequest request = recordedRequest("reference.safetensors", "sam_tiny.pth");
    const CheckpointPtr original = request.converted.checkpoint;
    const Mapping mapping
        = swapped(original->schema(), "mask_decoder.iou_prediction_head.layers.0.bias", "mask_decoder.iou_prediction_head.layers.1.bias");
    request.converted = {original, mapping, checkpointFromSchema(original->schema())};
    ActivationParity parity = compareWithRecorded(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::Differs) << "whose fault it is cannot be known";
    ASSERT_TRUE(parity.firstDivergence);
    EXPECT_EQ(parity.rows[*parity.firstDivergence].layer, "square.point1: decoder.iou_all");
    EXPECT_EQ(parity.rows[*parity.firstDivergence].rules.size(), 6U);
    request.referenceWeights = openCheckpoint(samFolder / "hf");
    parity = compareWithRecorded(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::WeightsDiffer) << "with the weights in any naming it can";
    EXPECT_EQ(parity.rows[*parity.firstDivergence].differingKeys.size(), 2U);
    EXPECT_LT(parity.rows[*parity.firstDivergence].rules.front(), 2U);
}

TEST(RecordedParity, ALayerAnswersForThoseBeforeItThatTheFileLacks)
{
    RecordedParityRequest request = recordedRequest("reference.safetensors", "sam_tiny.pth");
    const CheckpointPtr original = request.converted.checkpoint;
    const Mapping mapping = swapped(original->schema(), "image_encoder.blocks.2.norm1.weight", "image_encoder.blocks.2.norm2.weight");
    request.converted = {original, mapping, checkpointFromSchema(original->schema())};
    request.referenceWeights = original;
    const ActivationParity parity = compareWithRecorded(request);
    ASSERT_TRUE(parity.firstDivergence);
    const LayerParityRow &first = parity.rows[*parity.firstDivergence];
    EXPECT_EQ(first.layer, "square: encoder.blocks.2.attn") << "of this block the file has attn and out only";
    EXPECT_THAT(first.differingKeys, testing::Contains("image_encoder.blocks.2.norm1.weight"));
}

TEST(RecordedParity, PaddedWindowsAndResizedTables)
{
    for (const auto &[prefix, file, behaviour] :
         {std::tuple {"pad", "edge_pad.pth", std::map<std::string, double> {}},
          std::tuple {"relpos", "edge_relpos.pth", std::map<std::string, double> {{"window_size", 4}}}}) {
        RecordedParityRequest request;
        request.reference = openCheckpoint(samFolder / "edge_reference.safetensors");
        request.converted.checkpoint = openCheckpoint(samFolder / file);
        request.convertedBehaviour = behaviour;
        request.images[prefix] = loadImage(samFolder / (std::string(prefix) == "pad" ? "edge_pad.png" : "square.png"));
        const ActivationParity parity = compareWithRecorded(request);
        EXPECT_EQ(parity.verdict, ParityVerdict::WithinTolerance) << parity.summary;
        for (const LayerParityRow &row : parity.rows)
            EXPECT_TRUE(row.accumulated && row.accumulated->difference.maxAbsolute <= 1e-4) << row.layer;
        EXPECT_EQ(parity.rows.size(), std::string(prefix) == "pad" ? 9U : 7U);
    }
}

TEST(RecordedParity, SaysWhatIsMissing)
{
    RecordedParityRequest request = recordedRequest("reference.safetensors", "sam_tiny.pth");
    request.images.clear();
    const ActivationParity parity = compareWithRecorded(request);
    EXPECT_THAT(parity.warnings, testing::Contains(HasSubstr("wide: the file does not hold the picture")));
    EXPECT_EQ(parity.verdict, ParityVerdict::WithinTolerance) << parity.summary;
    for (const LayerParityRow &row : parity.rows)
        EXPECT_TRUE(row.layer.starts_with("square") || row.layer.starts_with("encoder.")) << row.layer;
    request.reference = openCheckpoint(samFolder / "sam_tiny.pth");
    EXPECT_THROW(compareWithRecorded(request), Error);
}
