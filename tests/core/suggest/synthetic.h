// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <string>
#include <utility>

namespace rekey::testdata {

inline void addTo(Schema &schema, const std::string &key, const Shape &shape)
{
    schema.tensors.push_back({key, shape, DType::F32, static_cast<std::uint32_t>(schema.tensors.size())});
}

/// Pairs of made-up models of any size. Keys of the same index belong together.
using SchemaPair = std::pair<Schema, Schema>;

/// A transformer of as many blocks as it takes.
inline SchemaPair deepTransformer(std::size_t keys)
{
    constexpr std::int64_t d = 64;
    struct Row { const char *source, *target; Shape shape; };
    const Row rows[] = {{"norm1.weight", "layernorm_before.weight", {d}}, {"norm1.bias", "layernorm_before.bias", {d}},
                        {"attn.q.weight", "attention.query.weight", {d, d}}, {"attn.k.weight", "attention.key.weight", {d, d}},
                        {"attn.v.weight", "attention.value.weight", {d, d}}, {"attn.proj.weight", "attention.output.dense.weight", {d, d}},
                        {"attn.proj.bias", "attention.output.dense.bias", {d}}, {"norm2.weight", "layernorm_after.weight", {d}},
                        {"norm2.bias", "layernorm_after.bias", {d}}, {"mlp.fc1.weight", "intermediate.dense.weight", {4 * d, d}},
                        {"mlp.fc1.bias", "intermediate.dense.bias", {4 * d}}, {"mlp.fc2.weight", "output.dense.weight", {d, 4 * d}}};
    SchemaPair pair;
    addTo(pair.first, "patch_embed.proj.weight", {d, 3, 4, 4});
    addTo(pair.second, "embeddings.patch_embeddings.projection.weight", {d, 3, 4, 4});
    for (std::size_t block = 0; pair.first.tensors.size() < keys; ++block)
        for (const auto &row : rows) {
            addTo(pair.first, "blocks." + std::to_string(block) + '.' + row.source, row.shape);
            addTo(pair.second, "encoder.layer." + std::to_string(block) + '.' + row.target, row.shape);
        }
    return pair;
}

/// Layers of 128 experts each.
inline SchemaPair mixtureOfExperts(std::size_t keys)
{
    constexpr std::int64_t d = 64;
    struct Row { const char *source, *target; Shape shape; };
    const Row rows[] = {{"attn_norm", "input_layernorm", {d}}, {"attention.wq", "self_attn.q_proj", {d, d}},
                        {"attention.wk", "self_attn.k_proj", {d / 2, d}}, {"attention.wv", "self_attn.v_proj", {d / 2, d}},
                        {"attention.wo", "self_attn.o_proj", {d, d}}, {"ffn_norm", "post_attention_layernorm", {d}}};
    const Row experts[] = {{"w1", "gate_proj", {2 * d, d}}, {"w2", "down_proj", {d, 2 * d}}, {"w3", "up_proj", {2 * d, d}}};
    SchemaPair pair;
    for (std::size_t layer = 0; pair.first.tensors.size() < keys; ++layer) {
        const std::string from = "layers." + std::to_string(layer) + '.', to = "model.layers." + std::to_string(layer) + '.';
        for (const auto &row : rows) {
            addTo(pair.first, from + row.source + ".weight", row.shape);
            addTo(pair.second, to + row.target + ".weight", row.shape);
        }
        for (int expert = 0; expert < 128; ++expert)
            for (const auto &row : experts) {
                addTo(pair.first, from + "feed_forward.experts." + std::to_string(expert) + '.' + row.source + ".weight", row.shape);
                addTo(pair.second, to + "mlp.experts." + std::to_string(expert) + '.' + row.target + ".weight", row.shape);
            }
    }
    return pair;
}

/// Nothing but numbers.
inline SchemaPair flatList(std::size_t keys)
{
    SchemaPair pair;
    for (std::size_t i = 0; i < keys; ++i) {
        addTo(pair.first, "w" + std::to_string(i), {8, 8});
        addTo(pair.second, "params." + std::to_string(i) + ".value", {8, 8});
    }
    return pair;
}

} // namespace rekey::testdata
