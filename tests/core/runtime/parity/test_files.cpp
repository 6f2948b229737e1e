// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/parity/activationparity.h"
#include "core/runtime/parity/arrangement.h"
#include "core/runtime/parity/modulenames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace rekey;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

const fs::path folder = fs::path(REKEY_TEST_DATA) / "parity";

ActivationParity compareRuns(const std::string &reference, const std::string &checked)
{
    FileParityRequest request;
    request.reference = request.checked = openCheckpoint(folder / "siglip2_io.safetensors");
    request.referencePrefix = reference;
    request.checkedPrefix = checked;
    return compareFiles(request);
}

LayerVerdict verdictOf(const ActivationParity &parity, const std::string &layer)
{
    const auto found = std::ranges::find(parity.rows, layer, &LayerParityRow::layer);
    return found == parity.rows.end() ? LayerVerdict::NotCompared : found->verdict;
}

} // namespace

TEST(FileParity, FindsWhereTwoImplementationsPart)
{
    // The two differ by their GELU alone, which is in the first layer of each branch.
    const ActivationParity parity = compareRuns("hf/", "kornia/");
    EXPECT_EQ(parity.rows.size(), 14U);
    ASSERT_TRUE(parity.firstDivergence);
    EXPECT_EQ(verdictOf(parity, "vision.embeddings"), LayerVerdict::Equal);
    EXPECT_TRUE(verdictOf(parity, "vision.layer0") == LayerVerdict::Drifts || verdictOf(parity, "vision.layer0") == LayerVerdict::Diverges);
    EXPECT_EQ(verdictOf(parity, "vision.layer1"), LayerVerdict::Follows);
    EXPECT_EQ(verdictOf(parity, "text.embeddings"), LayerVerdict::Equal);
    EXPECT_TRUE(verdictOf(parity, "text.layer0") == LayerVerdict::Drifts || verdictOf(parity, "text.layer0") == LayerVerdict::Diverges);
    EXPECT_EQ(parity.verdict, ParityVerdict::Differs);
}

TEST(FileParity, EqualRunsAreEqual)
{
    EXPECT_EQ(compareRuns("hf_gelu_erf/", "kornia/").verdict, ParityVerdict::Equal);
    const ActivationParity fused = compareRuns("kornia/", "kornia_fused/");
    EXPECT_EQ(fused.verdict, ParityVerdict::WithinTolerance) << fused.summary;
    EXPECT_THROW(compareRuns("hf/", "nothing/"), Error);
}

TEST(FileParity, PutsLayersOfOtherNamesTogetherByOrderAndShape)
{
    FileParityRequest request;
    request.reference = request.checked = openCheckpoint(folder / "deepencoder_reference.safetensors");
    request.referencePrefix = "native.";
    request.checkedPrefix = "native.sam.";
    const ActivationParity parity = compareFiles(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::Equal) << parity.summary;
    EXPECT_EQ(parity.rows.size(), 9U);
    EXPECT_EQ(parity.rows.front().referenceLayer, "sam.patch_embed");
    EXPECT_THAT(parity.warnings, testing::Contains(HasSubstr("by order and shape")));
}

TEST(Arrangement, KnowsLayoutsApart)
{
    EXPECT_EQ(arrangement({1, 8, 8, 32}, {1, 8, 8, 32}), Arrangement::Same);
    EXPECT_EQ(arrangement({1, 1, 2, 16}, {1, 2, 16}), Arrangement::Same);
    EXPECT_EQ(arrangement({1, 64, 32}, {1, 8, 8, 32}), Arrangement::Same);
    EXPECT_EQ(arrangement({1, 8, 8, 32}, {1, 32, 8, 8}), Arrangement::ChannelsFirst);
    EXPECT_TRUE(arrangement({1, 32, 8, 8}, {1, 64, 32}));
    EXPECT_EQ(arrangement({2, 4, 4, 3}, {2, 3, 4, 4}), Arrangement::ChannelsFirst);
    EXPECT_EQ(arrangement({4, 16, 32}, {4, 8, 32}), std::nullopt);
    EXPECT_EQ(arrangement({1, 0, 16}, {1, 1, 16}), std::nullopt);
    std::vector<float> values(2 * 2 * 3), buffer, back;
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i); // [2, 2, 3]: value = 3 · position + channel
    const std::span<const float> planes = arranged(values, {1, 2, 2, 3}, {1, 3, 2, 2}, Arrangement::ChannelsFirst, buffer);
    EXPECT_EQ(std::vector<float>(planes.begin(), planes.end()), (std::vector<float> {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
    const std::span<const float> again = arranged(buffer, {1, 3, 2, 2}, {1, 4, 3}, Arrangement::ChannelsLast, back);
    EXPECT_EQ(std::vector<float>(again.begin(), again.end()), values);
}

TEST(ModuleNames, FollowTheWeights)
{
    const KeyPairs pairs
        = {{"blocks.0.norm1.weight", "layers.0.layer_norm1.weight"},     {"blocks.0.norm1.bias", "layers.0.layer_norm1.bias"},
           {"blocks.0.attn.qkv.weight", "layers.0.attn.qkv.weight"},     {"blocks.0.attn.proj.weight", "layers.0.attn.proj.weight"},
           {"patch_embed.proj.weight", "patch_embed.projection.weight"}, {"head.layers.0.weight", "decoder.head.proj_in.weight"},
           {"head.layers.1.weight", "decoder.head.proj_out.weight"}};
    using testing::ElementsAre;
    EXPECT_THAT(moduleNames("blocks.0.norm1", pairs), ElementsAre("layers.0.layer_norm1"));
    EXPECT_THAT(moduleNames("blocks.0.attn", pairs), ElementsAre("layers.0.attn"));
    EXPECT_THAT(moduleNames("blocks.0", pairs), ElementsAre("layers.0"));
    EXPECT_THAT(moduleNames("patch_embed", pairs), ElementsAre("patch_embed.projection", "patch_embed"));
    EXPECT_EQ(moduleNames("head", pairs).front(), "decoder.head");
    EXPECT_TRUE(moduleNames("other", pairs).empty());
}
