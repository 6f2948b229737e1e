// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/maskdecoder.h"

#include "core/runtime/models/sam/layers.h"

#include <cmath>

namespace rekey::sam {

namespace {

constexpr double finalNormEps = 1e-5; // in every implementation, unlike those of the layers

std::vector<Parameters> readMlp(const Weights &weights, std::int64_t depth, std::int64_t in, std::int64_t hidden, std::int64_t out)
{
    std::vector<Parameters> layers;
    for (std::int64_t i = 0; i < depth; ++i)
        layers.push_back(weights.linear("layers." + std::to_string(i), i == depth - 1 ? out : hidden, i == 0 ? in : hidden));
    return layers;
}

at::Tensor runMlp(const std::vector<Parameters> &layers, at::Tensor x)
{
    for (std::size_t i = 0; i < layers.size(); ++i) {
        x = linear(x, layers[i]);
        if (i + 1 < layers.size())
            x = x.relu();
    }
    return x;
}

/// A transposed convolution of kernel and stride 2 on [height, width, channels]: each pixel becomes 2×2 others by one matrix product.
at::Tensor doubled(const at::Tensor &map, const Parameters &convolution)
{
    const std::int64_t height = map.size(0), width = map.size(1), out = convolution.weight.size(1);
    const at::Tensor matrix = convolution.weight.permute({0, 2, 3, 1}).reshape({map.size(2), 4 * out});
    const at::Tensor pixels = at::addmm(convolution.bias.repeat({4}), map.reshape({height * width, -1}), matrix);
    return pixels.view({height, width, 2, 2, out}).transpose(1, 2).reshape({2 * height, 2 * width, out});
}

} // namespace

MaskDecoder::MaskDecoder(const Config &config, const Weights &weights)
    : m_config(config)
    , m_iouToken(weights.get("iou_token.weight", {1, config.outChannels}))
    , m_maskTokens(weights.get("mask_tokens.weight", {config.maskTokens, config.outChannels}))
{
    const std::int64_t channels = config.outChannels, cross = config.decoderCrossWidth;
    for (std::int64_t i = 0; i < config.decoderDepth; ++i) {
        const Weights own = weights.below("transformer.layers." + std::to_string(i) + '.');
        Layer layer;
        layer.self = attention(own, "self_attn", channels);
        layer.tokenToImage = attention(own, "cross_attn_token_to_image", cross);
        layer.imageToToken = attention(own, "cross_attn_image_to_token", cross);
        layer.norm1 = own.norm("norm1", channels);
        layer.norm2 = own.norm("norm2", channels);
        layer.norm3 = own.norm("norm3", channels);
        layer.norm4 = own.norm("norm4", channels);
        layer.lin1 = own.linear("mlp.lin1", config.decoderMlpWidth, channels);
        layer.lin2 = own.linear("mlp.lin2", channels, config.decoderMlpWidth);
        m_layers.push_back(std::move(layer));
    }
    m_final = attention(weights, "transformer.final_attn_token_to_image", cross);
    m_finalNorm = weights.norm("transformer.norm_final_attn", channels);
    m_up0 = weights.both("output_upscaling.0", {channels, channels / 4, 2, 2}, channels / 4);
    m_up1 = weights.norm("output_upscaling.1", channels / 4);
    m_up3 = weights.both("output_upscaling.3", {channels / 4, channels / 8, 2, 2}, channels / 8);
    constexpr std::int64_t hyperDepth = 3;
    for (std::int64_t i = 0; i < config.maskTokens; ++i) {
        const Weights own = weights.below("output_hypernetworks_mlps." + std::to_string(i) + '.');
        m_hyper.push_back(readMlp(own, hyperDepth, channels, channels, channels / 8));
    }
    m_iouHead = readMlp(weights.below("iou_prediction_head."), config.iouHeadDepth, channels, config.iouHeadWidth, config.maskTokens);
}

MaskDecoder::Attention MaskDecoder::attention(const Weights &weights, const std::string &name, std::int64_t inner) const
{
    const std::int64_t channels = m_config.outChannels;
    return {weights.linear(name + ".q_proj", inner, channels), weights.linear(name + ".k_proj", inner, channels),
            weights.linear(name + ".v_proj", inner, channels), weights.linear(name + ".out_proj", channels, inner)};
}

at::Tensor MaskDecoder::attend(const Attention &attention, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) const
{
    const auto heads = [&](const at::Tensor &x, const Parameters &projection) {
        const at::Tensor projected = linear(x, projection);
        return projected.reshape({projected.size(0), projected.size(1), m_config.decoderHeads, -1}).transpose(1, 2);
    };
    const at::Tensor q = heads(query, attention.query), k = heads(key, attention.key), v = heads(value, attention.value);
    const double temperature = std::sqrt(static_cast<double>(q.size(3)));
    at::Tensor weights;
    if (k.size(2) >= q.size(2)) {
        weights = at::softmax(at::matmul(q, k.transpose(2, 3)) / temperature, -1);
    } else {
        // Thousands of queries on a few keys: with the keys first, the softmax runs along memory for all queries at once.
        weights = at::softmax(at::matmul(k, q.transpose(2, 3)) / temperature, -2).transpose(2, 3);
    }
    const at::Tensor mixed = at::matmul(weights, v).transpose(1, 2);
    return linear(mixed.reshape({mixed.size(0), mixed.size(1), -1}), attention.out);
}

void MaskDecoder::run(const Layer &layer, bool first, at::Tensor &tokens, at::Tensor &image, const at::Tensor &tokenPositions,
                      const at::Tensor &imagePositions, const Trace &trace, const std::string &name) const
{
    const double eps = m_config.decoderNormEps;
    const auto result = [&](const char *what, const at::Tensor &value) { return traced(trace, name + what, value); };
    if (first) {
        tokens = result("self_attn", attend(layer.self, tokens, tokens, tokens));
    } else {
        const at::Tensor placed = tokens + tokenPositions;
        tokens = tokens + result("self_attn", attend(layer.self, placed, placed, tokens));
    }
    tokens = result("norm1", layerNorm(tokens, layer.norm1, eps));
    const at::Tensor imageKeys = image + imagePositions;
    tokens = tokens + result("token_to_image", attend(layer.tokenToImage, tokens + tokenPositions, imageKeys, image));
    tokens = result("norm2", layerNorm(tokens, layer.norm2, eps));
    tokens = tokens + result("mlp", linear(linear(tokens, layer.lin1).relu(), layer.lin2));
    tokens = result("queries", layerNorm(tokens, layer.norm3, eps));
    image = image + result("image_to_token", attend(layer.imageToToken, imageKeys, tokens + tokenPositions, tokens));
    image = result("keys", layerNorm(image, layer.norm4, eps));
}

at::Tensor MaskDecoder::upscale(const at::Tensor &image, const Trace &trace) const
{
    // Recorded with the channels first, as modules of convolutions give it.
    const auto result = [&](const char *what, const at::Tensor &map) {
        return trace ? traced(trace, std::string("decoder.upscale.") + what, map.permute({2, 0, 1}).unsqueeze(0))
                           .squeeze(0)
                           .permute({1, 2, 0})
                     : map;
    };
    at::Tensor x = result("conv1", doubled(image.reshape({m_config.grid, m_config.grid, -1}), m_up0));
    x = result("norm", layerNorm(x, m_up1, norm2dEps));
    x = result("conv2", doubled(trace ? at::gelu(x) : at::gelu_(x), m_up3));
    return trace ? at::gelu(x) : at::gelu_(x);
}

DecodedMasks MaskDecoder::forward(const at::Tensor &embedding, const at::Tensor &gridPositions, const PromptEmbeddings &prompts,
                                  bool multimask, const Trace &trace) const
{
    const auto flat = [](const at::Tensor &x) { return x.flatten(2).transpose(1, 2); };
    const at::Tensor tokenPositions
        = traced(trace, "decoder.tokens_in", at::cat({m_iouToken.unsqueeze(0), m_maskTokens.unsqueeze(0), prompts.sparse}, 1));
    const at::Tensor imagePositions = flat(gridPositions);
    at::Tensor tokens = tokenPositions, image = flat(embedding + prompts.dense);
    for (std::size_t i = 0; i < m_layers.size(); ++i)
        run(m_layers[i], i == 0, tokens, image, tokenPositions, imagePositions, trace, "decoder.layers." + std::to_string(i) + '.');
    const at::Tensor last = traced(trace, "decoder.final_attn", attend(m_final, tokens + tokenPositions, image + imagePositions, image));
    tokens = traced(trace, "decoder.tokens_out", layerNorm(tokens + last, m_finalNorm, finalNormEps));

    const at::Tensor upscaled = upscale(image, trace); // [height, width, channels]
    std::vector<at::Tensor> hyper;
    for (std::size_t i = 0; i < m_hyper.size(); ++i) {
        hyper.push_back(traced(trace, "decoder.hyper." + std::to_string(i),
                               runMlp(m_hyper[i], tokens.select(1, static_cast<std::int64_t>(i) + 1))));
    }
    const at::Tensor logits
        = traced(trace, "decoder.masks_all",
                 at::matmul(at::stack(hyper, 1), upscaled.flatten(0, 1).t()).reshape({1, -1, upscaled.size(0), upscaled.size(1)}));
    const at::Tensor iou = traced(trace, "decoder.iou_all", runMlp(m_iouHead, tokens.select(1, 0)));
    // The first token's mask is the single one; the others are candidates for an ambiguous prompt.
    const std::int64_t start = multimask ? 1 : 0, count = multimask ? logits.size(1) - 1 : 1;
    return {logits.narrow(1, start, count), iou.narrow(1, start, count)};
}

} // namespace rekey::sam
