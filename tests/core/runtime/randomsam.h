// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/tensorsource.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

// Segment Anything models of the published sizes with random weights.

namespace rekey::test {

struct SamSize
{
    std::int64_t width, depth, heads;
    std::vector<std::int64_t> global;
};

inline SamSize samSize(char model)
{
    switch (model) {
    case 'l': return {1024, 24, 16, {5, 11, 17, 23}};
    case 'h': return {1280, 32, 16, {7, 15, 23, 31}};
    default: return {768, 12, 12, {2, 5, 8, 11}};
    }
}

inline constexpr std::int64_t grid = 64, window = 14;

/// The schema of segment-anything's published models.
class SamSchema
{
public:
    explicit SamSchema(const SamSize &size)
    {
        m_schema.name = "random";
        const std::int64_t w = size.width;
        const std::string encoder = "image_encoder.";
        add(encoder + "pos_embed", {1, grid, grid, w});
        both(encoder + "patch_embed.proj", {w, 3, 16, 16}, w);
        for (std::int64_t i = 0; i < size.depth; ++i) {
            const std::string block = fmt::format("{}blocks.{}.", encoder, i);
            const bool global = std::ranges::find(size.global, i) != size.global.end();
            const std::int64_t reach = 2 * (global ? grid : window) - 1;
            both(block + "norm1", {w}, w);
            both(block + "norm2", {w}, w);
            both(block + "attn.qkv", {3 * w, w}, 3 * w);
            both(block + "attn.proj", {w, w}, w);
            add(block + "attn.rel_pos_h", {reach, w / size.heads});
            add(block + "attn.rel_pos_w", {reach, w / size.heads});
            both(block + "mlp.lin1", {4 * w, w}, 4 * w);
            both(block + "mlp.lin2", {w, 4 * w}, w);
        }
        add(encoder + "neck.0.weight", {256, w, 1, 1});
        both(encoder + "neck.1", {256}, 256);
        add(encoder + "neck.2.weight", {256, 256, 3, 3});
        both(encoder + "neck.3", {256}, 256);
        prompts();
        decoder();
    }
    Schema schema() const { return m_schema; }

private:
    void add(const std::string &key, Shape shape)
    {
        m_schema.tensors.push_back({key, std::move(shape), DType::F32, static_cast<std::uint32_t>(m_schema.tensors.size())});
    }
    void both(const std::string &key, Shape weight, std::int64_t bias)
    {
        add(key + ".weight", std::move(weight));
        add(key + ".bias", {bias});
    }
    void prompts()
    {
        const std::string prefix = "prompt_encoder.";
        add(prefix + "pe_layer.positional_encoding_gaussian_matrix", {2, 128});
        for (int i = 0; i < 4; ++i)
            add(fmt::format("{}point_embeddings.{}.weight", prefix, i), {1, 256});
        add(prefix + "not_a_point_embed.weight", {1, 256});
        add(prefix + "no_mask_embed.weight", {1, 256});
        both(prefix + "mask_downscaling.0", {4, 1, 2, 2}, 4);
        both(prefix + "mask_downscaling.1", {4}, 4);
        both(prefix + "mask_downscaling.3", {16, 4, 2, 2}, 16);
        both(prefix + "mask_downscaling.4", {16}, 16);
        both(prefix + "mask_downscaling.6", {256, 16, 1, 1}, 256);
    }
    void attention(const std::string &prefix, std::int64_t inner)
    {
        for (const char *part : {"q_proj", "k_proj", "v_proj"})
            both(prefix + '.' + part, {inner, 256}, inner);
        both(prefix + ".out_proj", {256, inner}, 256);
    }
    void decoder()
    {
        const std::string prefix = "mask_decoder.", transformer = prefix + "transformer.";
        for (int i = 0; i < 2; ++i) {
            const std::string layer = fmt::format("{}layers.{}.", transformer, i);
            attention(layer + "self_attn", 256);
            attention(layer + "cross_attn_token_to_image", 128);
            attention(layer + "cross_attn_image_to_token", 128);
            for (int norm = 1; norm <= 4; ++norm)
                both(fmt::format("{}norm{}", layer, norm), {256}, 256);
            both(layer + "mlp.lin1", {2048, 256}, 2048);
            both(layer + "mlp.lin2", {256, 2048}, 256);
        }
        attention(transformer + "final_attn_token_to_image", 128);
        both(transformer + "norm_final_attn", {256}, 256);
        add(prefix + "iou_token.weight", {1, 256});
        add(prefix + "mask_tokens.weight", {4, 256});
        both(prefix + "output_upscaling.0", {256, 64, 2, 2}, 64);
        both(prefix + "output_upscaling.1", {64}, 64);
        both(prefix + "output_upscaling.3", {64, 32, 2, 2}, 32);
        for (int mlp = 0; mlp < 4; ++mlp) {
            for (int layer = 0; layer < 3; ++layer)
                both(fmt::format("{}output_hypernetworks_mlps.{}.layers.{}", prefix, mlp, layer), {layer == 2 ? 32 : 256, 256},
                     layer == 2 ? 32 : 256);
        }
        for (int layer = 0; layer < 3; ++layer)
            both(fmt::format("{}iou_prediction_head.layers.{}", prefix, layer), {layer == 2 ? 4 : 256, 256}, layer == 2 ? 4 : 256);
    }

    Schema m_schema;
};

class RandomWeights final : public TensorSource
{
public:
    using TensorSource::TensorSource;
    Value tensor(std::size_t index) const override
    {
        const Shape &shape = schema().tensors[index].shape;
        return {at::randn(shape) / std::sqrt(static_cast<double>(elementCount(shape)) / static_cast<double>(shape[0])), DType::F32};
    }
};

} // namespace rekey::test
