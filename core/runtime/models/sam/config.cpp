// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/config.h"

#include "core/base/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace rekey::sam {

namespace {

constexpr std::int64_t most = 1 << 20; ///< of any size: keeps products within 64 bits

class Shapes
{
public:
    explicit Shapes(const Schema &schema)
        : m_schema(schema)
        , m_index(schema)
    {
    }

    bool has(const std::string &key) const { return m_index.find(key) != SchemaIndex::npos; }
    /// A size of -1 in `expected` is free.
    const Shape &require(const std::string &key, const Shape &expected) const
    {
        const std::size_t at = m_index.find(key);
        if (at == SchemaIndex::npos)
            throw Error(m_schema.name, key, "is missing; a SAM in segment-anything's naming has it");
        const Shape &found = m_schema.tensors[at].shape;
        const bool fits = found.size() == expected.size()
                          && std::equal(found.begin(), found.end(), expected.begin(),
                                        [](auto size, auto wanted) { return size > 0 && size <= most && (wanted < 0 || size == wanted); });
        if (!fits)
            fail(key, fmt::format("has shape {}, where {} was expected", shapeText(found), wantedText(expected)));
        return found;
    }
    [[noreturn]] void fail(const std::string &key, const std::string &reason) const { throw Error(m_schema.name, key, reason); }

    /// How many of prefix0suffix, prefix1suffix … there are.
    std::int64_t count(const std::string &prefix, const std::string &suffix) const
    {
        std::int64_t found = 0;
        while (has(prefix + std::to_string(found) + suffix))
            ++found;
        return found;
    }

private:
    static std::string wantedText(const Shape &shape)
    {
        std::string text;
        for (const std::int64_t size : shape)
            text += (text.empty() ? "" : "×") + (size < 0 ? std::string("any") : std::to_string(size));
        return text;
    }

    const Schema &m_schema;
    SchemaIndex m_index;
};

std::string blockKey(std::int64_t block, const std::string &leaf)
{
    return fmt::format("image_encoder.blocks.{}.{}", block, leaf);
}

/// What tells windows: how far relative positions reach, in tokens, for each block. A table of 2w - 1 rows is for w tokens.
std::vector<std::int64_t> reaches(const Shapes &shapes, std::int64_t depth, std::int64_t headWidth)
{
    std::vector<std::int64_t> result;
    for (std::int64_t block = 0; block < depth; ++block) {
        const std::string key = blockKey(block, "attn.rel_pos_h");
        const std::int64_t rows = shapes.require(key, {-1, headWidth})[0];
        if (rows % 2 == 0)
            shapes.fail(key, fmt::format("has {} rows; relative positions over n tokens take 2n - 1, an odd number", rows));
        shapes.require(blockKey(block, "attn.rel_pos_w"), {rows, headWidth});
        result.push_back((rows + 1) / 2);
    }
    return result;
}

/// A table that reaches as far as the grid, or farther (then it is shrunk), is for global attention. When none does, the tables are of a
/// smaller picture than the absolute positions: then of two kinds the one that reaches farther is global.
std::vector<std::int64_t> windowsFrom(const std::vector<std::int64_t> &reach, std::int64_t grid)
{
    const std::set<std::int64_t> kinds(reach.begin(), reach.end());
    std::int64_t global = grid;
    if (*kinds.rbegin() < grid && kinds.size() == 2)
        global = *kinds.rbegin();
    std::vector<std::int64_t> windows;
    for (const std::int64_t tokens : reach)
        windows.push_back(tokens >= global ? 0 : tokens);
    return windows;
}

std::int64_t wholeNumber(const Behaviour &behaviour, const std::string &key, std::int64_t least)
{
    const double value = behaviour.at(key);
    if (value != std::floor(value) || value < static_cast<double>(least) || value > static_cast<double>(most))
        throw Error("", key, fmt::format("is {}; a whole number from {} is expected", value, least));
    return static_cast<std::int64_t>(value);
}

/// Published SAMs have 64 channels a head but for the huge one's 80.
std::int64_t usualHeads(std::int64_t width)
{
    if (width % 80 == 0 && width % 64 == 0)
        return width / 80;
    return std::max<std::int64_t>(1, width % 64 == 0 ? width / 64 : 1);
}

/// segment-anything has 8 heads for 256 channels. A smaller decoder is taken to have as many fewer as its heads are narrower: √channels
/// / 2.
std::int64_t usualDecoderHeads(std::int64_t channels, std::int64_t crossWidth)
{
    auto heads = std::max<std::int64_t>(1, std::llround(std::sqrt(static_cast<double>(channels)) / 2));
    while (channels % heads != 0 || crossWidth % heads != 0)
        --heads;
    return heads;
}

void detectEncoder(const Shapes &shapes, const Behaviour &behaviour, const std::vector<std::int64_t> &globalBlocks, Config &config)
{
    const Shape patch = shapes.require("image_encoder.patch_embed.proj.weight", {-1, 3, -1, -1});
    config.width = patch[0];
    config.patchSize = patch[2];
    if (patch[2] != patch[3])
        shapes.fail("image_encoder.patch_embed.proj.weight",
                    fmt::format("has patches of {}×{} pixels; square ones are expected", patch[2], patch[3]));
    const std::int64_t depth = shapes.count("image_encoder.blocks.", ".norm1.weight");
    if (depth == 0)
        shapes.require(blockKey(0, "norm1.weight"), {config.width});
    config.relativePositions = shapes.has(blockKey(0, "attn.rel_pos_h"));
    config.qkvBias = shapes.has(blockKey(0, "attn.qkv.bias"));
    config.mlpWidth = shapes.require(blockKey(0, "mlp.lin1.weight"), {-1, config.width})[0];

    std::vector<std::int64_t> reach(static_cast<std::size_t>(depth), 0);
    if (config.relativePositions) {
        const std::int64_t headWidth = shapes.require(blockKey(0, "attn.rel_pos_h"), {-1, -1})[1];
        if (config.width % headWidth != 0)
            shapes.fail(blockKey(0, "attn.rel_pos_h"),
                        fmt::format("has {} channels, which do not divide the width {}", headWidth, config.width));
        config.heads = config.width / headWidth;
        reach = reaches(shapes, depth, headWidth);
    } else {
        config.heads = usualHeads(config.width);
        config.assumptions.push_back(fmt::format("{} attention heads in the image encoder, as usual for its width", config.heads));
    }

    config.absolutePositions = shapes.has("image_encoder.pos_embed");
    if (config.absolutePositions) {
        const Shape positions = shapes.require("image_encoder.pos_embed", {1, -1, -1, config.width});
        if (positions[1] != positions[2])
            shapes.fail("image_encoder.pos_embed",
                        fmt::format("is for {}×{} patches; a square picture is expected", positions[1], positions[2]));
        config.grid = positions[1];
    } else if (config.relativePositions) {
        config.grid = *std::max_element(reach.begin(), reach.end());
        config.assumptions.push_back(fmt::format("pictures of {0}×{0} patches, as far as relative positions reach", config.grid));
    } else {
        shapes.fail("image_encoder.pos_embed", "is missing, and so are relative positions: nothing says how large its pictures are");
    }
    config.imageSize = config.grid * config.patchSize;

    config.windows
        = config.relativePositions ? windowsFrom(reach, config.grid) : std::vector<std::int64_t>(static_cast<std::size_t>(depth), 0);
    if (!globalBlocks.empty() || behaviour.contains("window_size")) {
        const std::int64_t detected = *std::max_element(config.windows.begin(), config.windows.end());
        const std::int64_t window = behaviour.contains("window_size") ? wholeNumber(behaviour, "window_size", 0) : detected;
        for (std::size_t block = 0; block < config.windows.size(); ++block) {
            const bool global = globalBlocks.empty()
                                    ? config.windows[block] == 0
                                    : std::ranges::find(globalBlocks, static_cast<std::int64_t>(block)) != globalBlocks.end();
            config.windows[block] = global ? 0 : window;
        }
    } else if (!config.relativePositions) {
        config.assumptions.push_back("global attention in every block: without relative positions nothing tells windows");
    }
    if (behaviour.contains("num_heads"))
        config.heads = wholeNumber(behaviour, "num_heads", 1);
    if (config.width % config.heads != 0)
        throw Error("", "num_heads", fmt::format("is {}, which does not divide the width {}", config.heads, config.width));
    config.outChannels = shapes.require("image_encoder.neck.0.weight", {-1, config.width, 1, 1})[0];
}

void detectDecoder(const Shapes &shapes, const Behaviour &behaviour, Config &config)
{
    const std::int64_t channels = config.outChannels;
    const std::string layers = "mask_decoder.transformer.layers.";
    shapes.require("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", {2, channels / 2});
    config.maskChannels = shapes.require("prompt_encoder.mask_downscaling.3.weight", {-1, -1, 2, 2})[0];
    config.maskTokens = shapes.require("mask_decoder.mask_tokens.weight", {-1, channels})[0];
    if (config.maskTokens < 2)
        shapes.fail("mask_decoder.mask_tokens.weight", "has one token; one for a single mask and at least one for candidates are expected");
    config.decoderDepth = shapes.count(layers, ".norm1.weight");
    if (config.decoderDepth == 0)
        shapes.require(layers + "0.norm1.weight", {channels});
    config.decoderMlpWidth = shapes.require(layers + "0.mlp.lin1.weight", {-1, channels})[0];
    config.decoderCrossWidth = shapes.require(layers + "0.cross_attn_token_to_image.q_proj.weight", {-1, channels})[0];
    config.iouHeadDepth = shapes.count("mask_decoder.iou_prediction_head.layers.", ".weight");
    config.iouHeadWidth = shapes.require("mask_decoder.iou_prediction_head.layers.0.weight", {-1, channels})[0];
    if (channels % 8 != 0)
        shapes.fail("image_encoder.neck.0.weight", fmt::format("gives {} channels; the mask decoder needs a multiple of 8", channels));
    if (behaviour.contains("decoder_num_heads")) {
        config.decoderHeads = wholeNumber(behaviour, "decoder_num_heads", 1);
        if (channels % config.decoderHeads != 0 || config.decoderCrossWidth % config.decoderHeads != 0)
            throw Error("", "decoder_num_heads",
                        fmt::format("is {}, which does not divide the decoder's widths {} and {}", config.decoderHeads, channels,
                                    config.decoderCrossWidth));
    } else {
        config.decoderHeads = usualDecoderHeads(channels, config.decoderCrossWidth);
        if (channels != 256)
            config.assumptions.push_back(
                fmt::format("{} attention heads in the mask decoder: no shape says how many", config.decoderHeads));
    }
    config.decoder = true;
}

constexpr std::array behaviourNames = {"decoder_norm_eps", "encoder_norm_eps", "decoder_num_heads", "num_heads", "window_size"};

void checkNames(const Behaviour &behaviour)
{
    for (const auto &[key, value] : behaviour) {
        if (!isBehaviour(key))
            throw Error("", displayText(key), fmt::format("is no behaviour of SAM; known are {}", fmt::join(behaviourNames, ", ")));
        if (key.ends_with("_eps") && !(value >= 0 && value < 1))
            throw Error("", key, fmt::format("is {}; a small number such as 1e-6 is expected", value));
    }
}

} // namespace

Config detectConfig(const Schema &schema, const Behaviour &behaviour, const std::vector<std::int64_t> &globalBlocks)
{
    checkNames(behaviour);
    const Shapes shapes(schema);
    Config config;
    detectEncoder(shapes, behaviour, globalBlocks, config);
    const bool anyDecoder = std::ranges::any_of(schema.tensors, [](const SchemaTensor &tensor) {
        return tensor.key.starts_with("mask_decoder.") || tensor.key.starts_with("prompt_encoder.");
    });
    if (anyDecoder)
        detectDecoder(shapes, behaviour, config);
    if (const auto eps = behaviour.find("encoder_norm_eps"); eps != behaviour.end())
        config.encoderNormEps = eps->second;
    if (const auto eps = behaviour.find("decoder_norm_eps"); eps != behaviour.end())
        config.decoderNormEps = eps->second;
    return config;
}

bool isBehaviour(const std::string &name)
{
    return std::ranges::find(behaviourNames, name) != behaviourNames.end();
}

Behaviour behaviourOf(const Config &config)
{
    Behaviour behaviour = {{"encoder_norm_eps", config.encoderNormEps},
                           {"num_heads", static_cast<double>(config.heads)},
                           {"window_size", static_cast<double>(*std::max_element(config.windows.begin(), config.windows.end()))}};
    if (config.decoder) {
        behaviour["decoder_norm_eps"] = config.decoderNormEps;
        behaviour["decoder_num_heads"] = static_cast<double>(config.decoderHeads);
    }
    return behaviour;
}

} // namespace rekey::sam
