// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/promptencoder.h"

#include <vector>

namespace rekey::sam {

struct DecodedMasks
{
    at::Tensor logits; ///< [1, candidates, 4·grid, 4·grid]
    at::Tensor iou;    ///< [1, candidates]
};

/// The two-way transformer and what makes masks of its tokens.
class MaskDecoder
{
public:
    /// `weights` are those below "mask_decoder.".
    MaskDecoder(const Config &config, const Weights &weights);

    DecodedMasks forward(const at::Tensor &embedding, const at::Tensor &gridPositions, const PromptEmbeddings &prompts, bool multimask,
                         const Trace &trace) const;

private:
    struct Attention
    {
        Parameters query, key, value, out;
    };
    struct Layer
    {
        Attention self, tokenToImage, imageToToken;
        Parameters norm1, norm2, norm3, norm4, lin1, lin2;
    };
    using Mlp = std::vector<Parameters>;

    Attention attention(const Weights &weights, const std::string &name, std::int64_t inner) const;
    at::Tensor attend(const Attention &attention, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) const;
    void run(const Layer &layer, bool first, at::Tensor &tokens, at::Tensor &image, const at::Tensor &tokenPositions,
             const at::Tensor &imagePositions, const Trace &trace, const std::string &name) const;
    /// [1, grid², channels] to [4·grid, 4·grid, channels / 8].
    at::Tensor upscale(const at::Tensor &image, const Trace &trace) const;

    Config m_config;
    at::Tensor m_iouToken, m_maskTokens;
    std::vector<Layer> m_layers;
    Attention m_final;
    Parameters m_finalNorm, m_up0, m_up1, m_up3;
    std::vector<Mlp> m_hyper; ///< one for each mask token
    Mlp m_iouHead;
};

} // namespace rekey::sam
