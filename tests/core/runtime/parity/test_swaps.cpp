// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/runtime/parity/samparity.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

using namespace rekey;
using namespace rekey::test;

namespace {

/// The layer that computes with a key, written down apart from what the model says of itself.
std::string layerOf(const std::string &key)
{
    static const std::vector<std::pair<Pattern, Pattern>> table = [] {
        constexpr std::array<std::pair<const char *, const char *>, 24> texts = {{
            {"image_encoder.patch_embed.{rest}", "encoder.patch_embed"},
            {"image_encoder.pos_embed", "encoder.pos_added"},
            {"image_encoder.blocks.{i}.{part}.{rest}", "encoder.blocks.{i}.{part}"},
            {"image_encoder.neck.3.{rest}", "encoder.image_embedding"},
            {"image_encoder.neck.{i}.{rest}", "encoder.neck.{i}"},
            {"prompt_encoder.pe_layer.{rest}", "dense_pe sparse"},
            {"prompt_encoder.point_embeddings.{rest}", "sparse"},
            {"prompt_encoder.not_a_point_embed.weight", "sparse"},
            {"prompt_encoder.no_mask_embed.weight", "dense"},
            {"prompt_encoder.mask_downscaling.{rest}", "dense"},
            {"mask_decoder.iou_token.weight", "decoder.tokens_in"},
            {"mask_decoder.mask_tokens.weight", "decoder.tokens_in"},
            {"mask_decoder.transformer.layers.{i}.cross_attn_{part}.{rest}", "decoder.layers.{i}.{part}"},
            {"mask_decoder.transformer.layers.{i}.norm3.{rest}", "decoder.layers.{i}.queries"},
            {"mask_decoder.transformer.layers.{i}.norm4.{rest}", "decoder.layers.{i}.keys"},
            {"mask_decoder.transformer.layers.{i}.{part}.{rest}", "decoder.layers.{i}.{part}"},
            {"mask_decoder.transformer.final_attn_token_to_image.{rest}", "decoder.final_attn"},
            {"mask_decoder.transformer.norm_final_attn.{rest}", "decoder.tokens_out"},
            {"mask_decoder.output_upscaling.0.{rest}", "decoder.upscale.conv1"},
            {"mask_decoder.output_upscaling.1.{rest}", "decoder.upscale.norm"},
            {"mask_decoder.output_upscaling.3.{rest}", "decoder.upscale.conv2"},
            {"mask_decoder.output_hypernetworks_mlps.{i}.{rest}", "decoder.hyper.{i}"},
            {"mask_decoder.iou_prediction_head.{rest}", "decoder.iou_all"},
            {"{rest}", "?"},
        }};
        std::vector<std::pair<Pattern, Pattern>> patterns;
        for (const auto &[from, to] : texts)
            patterns.emplace_back(Pattern::parse(from), Pattern::parse(to));
        return patterns;
    }();
    for (const auto &[from, to] : table) {
        if (const std::optional<Binding> binding = from.match(key))
            return *to.expand(*binding);
    }
    return {};
}

/// Without the prompt before it.
std::string plain(const std::string &layer)
{
    const std::size_t colon = layer.find(": ");
    return colon == std::string::npos ? layer : layer.substr(colon + 2);
}

bool isKeyBias(const std::string &key)
{
    return key.ends_with("k_proj.bias");
}

} // namespace

TEST(Swaps, EveryPairOfEqualShapeIsNamedByItsLayers)
{
    ModelParityRequest request = samRequest({});
    const std::vector<SchemaTensor> tensors = request.reference.checkpoint->schema().tensors;
    const ModelParity parity(request);
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        for (std::size_t j = i + 1; j < tensors.size(); ++j) {
            const std::string &a = tensors[i].key, &b = tensors[j].key;
            if (tensors[i].shape != tensors[j].shape || isKeyBias(a) || isKeyBias(b))
                continue;
            ++pairs;
            ModelWeights converted = request.converted;
            converted.mapping = swapped(request.reference.checkpoint->schema(), a, b);
            const ActivationParity result = parity.check(converted);
            ASSERT_TRUE(result.firstDivergence) << a << " and " << b;
            const std::string expected = layerOf(a) + ' ' + layerOf(b);
            std::set<std::string> named;
            for (const LayerParityRow &row : result.rows) {
                if (row.verdict != LayerVerdict::Drifts && row.verdict != LayerVerdict::Diverges)
                    continue;
                named.insert(plain(row.layer));
                EXPECT_NE(expected.find(plain(row.layer)), std::string::npos) << row.layer << " is blamed for " << a << " and " << b;
                EXPECT_EQ(row.weights, LayerWeights::Differ) << row.layer << " for " << a << " and " << b;
                ASSERT_FALSE(row.rules.empty());
                EXPECT_LT(row.rules.front(), 2U) << "a rule of the swap comes first";
            }
            EXPECT_TRUE(named.contains(layerOf(a)) || layerOf(a).starts_with("dense_pe"))
                << a << " and " << b << ": " << layerOf(a) << " is not named";
            EXPECT_TRUE(named.contains(layerOf(b)) || layerOf(b).starts_with("dense_pe"))
                << a << " and " << b << ": " << layerOf(b) << " is not named";
            EXPECT_EQ(result.verdict, ParityVerdict::WeightsDiffer);
            const WeightParityRow *weight = result.weights->find(b);
            ASSERT_NE(weight, nullptr);
            EXPECT_EQ(weight->holdsValuesOf, a);
        }
    }
    EXPECT_GT(pairs, 1600U);
    RecordProperty("pairs", static_cast<int>(pairs));
}
