// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/tracedlayers.h"

namespace rekey::sam {

namespace {

using Names = std::vector<std::string>;

/// Lists layers below a name and a module: "encoder." and "image_encoder.".
class Listing
{
public:
    Listing(std::vector<TracedLayer> &layers, std::string name, std::string module, bool perPrompt)
        : m_layers(layers)
        , m_name(std::move(name))
        , m_module(std::move(module))
        , m_perPrompt(perPrompt)
    {
    }

    /// A layer whose weights are all of its module's. Returns its full name.
    std::string add(const std::string &name, const std::string &module, Names inputs)
    {
        return add(name, module, std::move(inputs), {m_module + module + '.'});
    }

    std::string add(const std::string &name, const std::string &module, Names inputs, Names keys)
    {
        m_layers.push_back({m_name + name, module.empty() ? module : m_module + module, std::move(inputs), std::move(keys), m_perPrompt});
        return m_layers.back().name;
    }

private:
    std::vector<TracedLayer> &m_layers;
    std::string m_name, m_module;
    bool m_perPrompt;
};

/// Returns the name of the embedding.
std::string addEncoder(const Config &config, std::vector<TracedLayer> &layers)
{
    layers.push_back({"input", "", {}, {}, false});
    Listing encoder(layers, "encoder.", "image_encoder.", false);
    std::string x = encoder.add("patch_embed", "patch_embed", {"input"});
    if (config.absolutePositions)
        x = encoder.add("pos_added", "", {x}, {"image_encoder.pos_embed"});
    for (std::int64_t i = 0; i < config.depth(); ++i) {
        const std::string block = "blocks." + std::to_string(i);
        Listing own(layers, "encoder." + block + '.', "image_encoder." + block + '.', false);
        const std::string norm1 = own.add("norm1", "norm1", {x}), attn = own.add("attn", "attn", {norm1});
        const std::string norm2 = own.add("norm2", "norm2", {x, attn}), mlp = own.add("mlp", "mlp", {norm2});
        x = encoder.add(block + ".out", block, {x, attn, mlp}, {});
    }
    const std::string reduced = encoder.add("neck.0", "neck.0", {x}), normed = encoder.add("neck.1", "neck.1", {reduced});
    return encoder.add("image_embedding", "neck.3", {encoder.add("neck.2", "neck.2", {normed})});
}

void addPrompts(std::vector<TracedLayer> &layers)
{
    const std::string own = "prompt_encoder.";
    layers.push_back({"dense_pe", "", {}, {own + "pe_layer."}, true});
    for (const char *prompt : {"prompt.points", "prompt.labels", "prompt.boxes"})
        layers.push_back({prompt, "", {}, {}, true});
    layers.push_back({"sparse",
                      "",
                      {"prompt.points", "prompt.labels", "prompt.boxes"},
                      {own + "pe_layer.", own + "point_embeddings.", own + "not_a_point_embed."},
                      true});
    layers.push_back({"dense", "", {}, {own + "no_mask_embed.", own + "mask_downscaling."}, true});
}

struct Stream
{
    std::string tokens, image;
};

/// One two-way layer; `image` are the names of what goes into it.
Stream addTwoWayLayer(std::vector<TracedLayer> &layers, std::int64_t index, const std::string &before, const Names &image)
{
    const std::string name = "layers." + std::to_string(index) + '.';
    Listing own(layers, "decoder." + name, "mask_decoder.transformer." + name, true);
    const std::string start = "decoder.tokens_in";
    const Names tokens = index == 0 ? Names {start} : Names {before, start};
    const auto with = [](Names names, const Names &more) {
        names.insert(names.end(), more.begin(), more.end());
        return names;
    };
    const std::string self = own.add("self_attn", "self_attn", tokens);
    const std::string norm1 = own.add("norm1", "norm1", index == 0 ? Names {self} : Names {self, before});
    const std::string cross = own.add("token_to_image", "cross_attn_token_to_image", with({norm1, start, "dense_pe"}, image));
    const std::string norm2 = own.add("norm2", "norm2", {norm1, cross}), mlp = own.add("mlp", "mlp", {norm2});
    const std::string queries = own.add("queries", "norm3", {norm2, mlp});
    const std::string back = own.add("image_to_token", "cross_attn_image_to_token", with({queries, start, "dense_pe"}, image));
    return {queries, own.add("keys", "norm4", with({back}, image))};
}

void addDecoder(const Config &config, const std::string &embedding, std::vector<TracedLayer> &layers)
{
    Listing decoder(layers, "decoder.", "mask_decoder.", true);
    Stream stream {decoder.add("tokens_in", "", {"sparse"}, {"mask_decoder.iou_token.", "mask_decoder.mask_tokens."}), ""};
    Names image = {embedding, "dense"};
    for (std::int64_t i = 0; i < config.decoderDepth; ++i) {
        stream = addTwoWayLayer(layers, i, stream.tokens, image);
        image = {stream.image};
    }
    Names all = {stream.tokens, "decoder.tokens_in", "dense_pe"};
    all.insert(all.end(), image.begin(), image.end());
    const std::string last = decoder.add("final_attn", "transformer.final_attn_token_to_image", all);
    const std::string tokens = decoder.add("tokens_out", "transformer.norm_final_attn", {stream.tokens, last});
    const std::string conv1 = decoder.add("upscale.conv1", "output_upscaling.0", image);
    const std::string norm = decoder.add("upscale.norm", "output_upscaling.1", {conv1});
    Names mixed = {decoder.add("upscale.conv2", "output_upscaling.3", {norm})};
    for (std::int64_t i = 0; i < config.maskTokens; ++i) {
        const std::string index = std::to_string(i);
        mixed.push_back(decoder.add("hyper." + index, "output_hypernetworks_mlps." + index, {tokens}));
    }
    decoder.add("masks_all", "", mixed, {});
    decoder.add("iou_all", "iou_prediction_head", {tokens});
}

} // namespace

std::vector<TracedLayer> tracedLayers(const Config &config)
{
    std::vector<TracedLayer> layers;
    const std::string embedding = addEncoder(config, layers);
    if (config.decoder) {
        addPrompts(layers);
        addDecoder(config, embedding, layers);
    }
    return layers;
}

} // namespace rekey::sam
