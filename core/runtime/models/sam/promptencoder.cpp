// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/promptencoder.h"

#include "core/runtime/models/sam/layers.h"

#include <numbers>

namespace rekey::sam {

PromptEncoder::PromptEncoder(const Config &config, const Weights &weights)
    : m_config(config)
    , m_frequencies(weights.get("pe_layer.positional_encoding_gaussian_matrix", {2, config.outChannels / 2}))
    , m_notAPoint(weights.get("not_a_point_embed.weight", {1, config.outChannels}))
    , m_noMask(weights.get("no_mask_embed.weight", {1, config.outChannels}))
{
    const std::int64_t channels = config.outChannels, middle = config.maskChannels;
    for (std::size_t i = 0; i < m_points.size(); ++i)
        m_points[i] = weights.get("point_embeddings." + std::to_string(i) + ".weight", {1, channels});
    m_mask0 = weights.both("mask_downscaling.0", {middle / 4, 1, 2, 2}, middle / 4);
    m_mask1 = weights.norm("mask_downscaling.1", middle / 4);
    m_mask3 = weights.both("mask_downscaling.3", {middle, middle / 4, 2, 2}, middle);
    m_mask4 = weights.norm("mask_downscaling.4", middle);
    m_mask6 = weights.both("mask_downscaling.6", {channels, middle, 1, 1}, channels);

    const at::Tensor centres = (at::arange(config.grid, at::kFloat) + 0.5) / static_cast<double>(config.grid);
    const at::Tensor x = centres.unsqueeze(0).expand({config.grid, config.grid});
    m_gridPositions = encodePositions(at::stack({x, x.t()}, -1)).permute({2, 0, 1}).unsqueeze(0).contiguous();
}

at::Tensor PromptEncoder::encodePositions(const at::Tensor &unit) const
{
    const at::Tensor phase = at::matmul(unit * 2 - 1, m_frequencies) * (2 * std::numbers::pi);
    return at::cat({phase.sin(), phase.cos()}, -1);
}

at::Tensor PromptEncoder::embedPoints(const at::Tensor &points, const at::Tensor &labels, bool pad) const
{
    at::Tensor positions = points + 0.5; // the middle of the pixel
    at::Tensor kinds = labels;
    if (pad) {
        // The original was trained with a point that is none wherever there is no box.
        positions = at::cat({positions, at::zeros({positions.size(0), 1, 2})}, 1);
        kinds = at::cat({kinds, at::full({kinds.size(0), 1}, -1, at::kInt)}, 1);
    }
    at::Tensor embedded = encodePositions(positions / static_cast<double>(m_config.imageSize));
    const auto is = [&](int kind) { return kinds.eq(kind).unsqueeze(-1); };
    embedded = at::where(is(-1), m_notAPoint, embedded);
    for (int kind = 0; kind < 2; ++kind)
        embedded = at::where(is(kind), embedded + m_points[static_cast<std::size_t>(kind)], embedded);
    return embedded;
}

at::Tensor PromptEncoder::embedBox(const at::Tensor &box) const
{
    const at::Tensor corners = (box + 0.5).reshape({-1, 2, 2}) / static_cast<double>(m_config.imageSize);
    return encodePositions(corners) + at::cat({m_points[2], m_points[3]});
}

at::Tensor PromptEncoder::embedMask(const at::Tensor &mask) const
{
    at::Tensor x = at::conv2d(mask, m_mask0.weight, m_mask0.bias, 2);
    x = at::gelu(layerNorm2d(x, m_mask1));
    x = at::conv2d(x, m_mask3.weight, m_mask3.bias, 2);
    x = at::gelu(layerNorm2d(x, m_mask4));
    return at::conv2d(x, m_mask6.weight, m_mask6.bias);
}

PromptEmbeddings PromptEncoder::forward(const PromptTensors &prompts, const Trace &trace) const
{
    at::Tensor sparse = at::empty({1, 0, m_config.outChannels}, at::kFloat);
    if (prompts.points.defined())
        sparse = at::cat({sparse, embedPoints(prompts.points, prompts.labels, !prompts.box.defined())}, 1);
    if (prompts.box.defined())
        sparse = at::cat({sparse, embedBox(prompts.box)}, 1);
    const at::Tensor dense = prompts.mask.defined()
        ? embedMask(prompts.mask)
        : m_noMask.reshape({1, -1, 1, 1}).expand({1, -1, m_config.grid, m_config.grid});
    return {traced(trace, "sparse", sparse), traced(trace, "dense", dense)};
}

} // namespace rekey::sam
