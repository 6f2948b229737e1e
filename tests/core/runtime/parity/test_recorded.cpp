// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/writers.h"
#include "tests/core/checkpoint/temporaryfolder.h"
#include "tests/core/runtime/parity/samparity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace rekey;
using namespace rekey::test;
using testing::HasSubstr;
namespace fs = std::filesystem;

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

TEST(RecordedParity, FindsLayersByTheNamesOfModules)
{
    // As the capture script would write it of Hugging Face's vision encoder: its modules' names, convolutions with channels first.
    const CheckpointPtr original = openCheckpoint(samFolder / "reference.safetensors");
    const std::vector<std::pair<std::string, std::string>> names = {
        {"input", "input.pixel_values"},
        {"encoder.patch_embed", "vision_encoder.patch_embed.projection"},
        {"encoder.blocks.0.norm1", "vision_encoder.layers.0.layer_norm1"},
        {"encoder.blocks.0.attn", "vision_encoder.layers.0.attn.0"},
        {"encoder.blocks.0.norm2", "vision_encoder.layers.0.layer_norm2"},
        {"encoder.blocks.0.mlp", "vision_encoder.layers.0.mlp"},
        {"encoder.blocks.0.out", "vision_encoder.layers.0"},
        {"encoder.blocks.3.out", "vision_encoder.layers.3"},
        {"encoder.neck.0", "vision_encoder.neck.conv1"},
        {"encoder.image_embedding", "vision_encoder.neck.layer_norm2"},
    };
    Schema schema;
    std::vector<std::vector<float>> values;
    for (const auto &[from, to] : names) {
        Values recorded = readValues(*original, "square." + from);
        if (from == "encoder.patch_embed") {
            std::vector<float> planes(recorded.numbers.size());
            for (std::size_t i = 0; i < planes.size(); ++i)
                planes[i % 32 * 64 + i / 32] = recorded.numbers[i];
            recorded = {{1, 32, 8, 8}, planes};
        }
        schema.tensors.push_back({to, recorded.shape, DType::F32, static_cast<std::uint32_t>(schema.tensors.size())});
        values.push_back(recorded.numbers);
    }
    const TemporaryFolder folder;
    const fs::path file = folder / "captured.safetensors";
    writerFor(file).write(
        file, schema, [&](std::size_t index, const ByteSink &sink) { sink(std::as_bytes(std::span(values[index]))); }, {}, {});
    RecordedParityRequest request;
    request.reference = openCheckpoint(file);
    request.converted.checkpoint = openCheckpoint(samFolder / "hf");
    const ActivationParity parity = compareWithRecorded(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::WithinTolerance) << parity.summary;
    EXPECT_EQ(parity.rows.size(), names.size() - 1);
    for (const LayerParityRow &row : parity.rows)
        EXPECT_TRUE(row.isolated && row.isolated->difference.maxAbsolute < 1e-5) << row.layer;
    EXPECT_EQ(parity.rows.front().referenceLayer, "vision_encoder.patch_embed.projection");
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
