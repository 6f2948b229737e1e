// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/config.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace rekey::sam {

namespace {

constexpr std::uintmax_t maxConfigBytes = 1 << 20;

nlohmann::json readConfig(const CheckpointPtr &checkpoint)
{
    const std::filesystem::path &path = checkpoint->path();
    std::error_code error;
    const auto file = (std::filesystem::is_directory(path, error) ? path : path.parent_path()) / "config.json";
    if (path.empty() || !std::filesystem::is_regular_file(file, error) || std::filesystem::file_size(file, error) > maxConfigBytes)
        return nullptr;
    std::ifstream stream(file);
    return nlohmann::json::parse(stream, nullptr, false);
}

void take(const nlohmann::json &from, const char *key, const char *behaviour, Behaviour &into)
{
    if (const auto found = from.find(key); found != from.end() && found->is_number())
        into[behaviour] = found->get<double>();
}

} // namespace

ConfigHints configHints(const CheckpointPtr &checkpoint, std::int64_t width)
{
    const nlohmann::json config = readConfig(checkpoint);
    if (!config.is_object() || config.value("model_type", nlohmann::json()) != "sam")
        return {};
    ConfigHints hints;
    const nlohmann::json none = nlohmann::json::object();
    const bool huggingFace = config.contains("vision_config");
    hints.huggingFace = huggingFace;
    const nlohmann::json &vision = huggingFace ? config["vision_config"] : config;
    const nlohmann::json &decoder = !huggingFace ? config : config.contains("mask_decoder_config") ? config["mask_decoder_config"] : none;
    if (!vision.is_object() || !decoder.is_object() || vision.value(huggingFace ? "hidden_size" : "embed_dim", nlohmann::json()) != width)
        return {};
    take(vision, huggingFace ? "num_attention_heads" : "num_heads", "num_heads", hints.behaviour);
    take(vision, "window_size", "window_size", hints.behaviour);
    take(vision, huggingFace ? "layer_norm_eps" : "encoder_norm_eps", "encoder_norm_eps", hints.behaviour);
    take(decoder, huggingFace ? "num_attention_heads" : "decoder_num_heads", "decoder_num_heads", hints.behaviour);
    take(decoder, huggingFace ? "layer_norm_eps" : "decoder_norm_eps", "decoder_norm_eps", hints.behaviour);
    if (const auto blocks = vision.find("global_attn_indexes"); blocks != vision.end() && blocks->is_array()) {
        for (const nlohmann::json &block : *blocks) {
            if (block.is_number_integer())
                hints.globalBlocks.push_back(block.get<std::int64_t>());
        }
    }
    return hints;
}

} // namespace rekey::sam
