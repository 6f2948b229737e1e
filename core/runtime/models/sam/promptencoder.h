// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/config.h"
#include "core/runtime/models/sam/trace.h"
#include "core/runtime/models/sam/weights.h"
#include "core/runtime/runtime.h"

#include <array>

namespace rekey::sam {

/// Prompts in pixels of the model's input, as tensors with a batch of 1.
struct PromptTensors
{
    at::Tensor points; ///< [1, n, 2] x, y; undefined: none
    at::Tensor labels; ///< [1, n] int: 1 foreground, 0 background
    at::Tensor box;    ///< [1, 4] x0, y0, x1, y1; undefined: none
    at::Tensor mask;   ///< [1, 1, 4·grid, 4·grid] logits; undefined: none
};

struct PromptEmbeddings
{
    at::Tensor sparse; ///< [1, tokens, channels]
    at::Tensor dense;  ///< [1, channels, grid, grid]
};

class PromptEncoder
{
public:
    /// `weights` are those below "prompt_encoder.".
    PromptEncoder(const Config &config, const Weights &weights);

    PromptEmbeddings forward(const PromptTensors &prompts, const Trace &trace) const;
    /// Positional encoding of the image embedding's grid, [1, channels, grid, grid].
    const at::Tensor &gridPositions() const { return m_gridPositions; }

private:
    /// Fourier features (Tancik et al. 2020) of positions in 0..1, [..., 2] to [..., channels].
    at::Tensor encodePositions(const at::Tensor &unit) const;
    at::Tensor embedPoints(const at::Tensor &points, const at::Tensor &labels, bool pad) const;
    at::Tensor embedBox(const at::Tensor &box) const;
    at::Tensor embedMask(const at::Tensor &mask) const;

    Config m_config;
    at::Tensor m_frequencies;
    std::array<at::Tensor, 4> m_points; ///< background, foreground, upper left corner, lower right corner
    at::Tensor m_notAPoint, m_noMask;
    Parameters m_mask0, m_mask1, m_mask3, m_mask4, m_mask6;
    at::Tensor m_gridPositions;
};

} // namespace rekey::sam
