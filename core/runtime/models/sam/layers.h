// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/weights.h"

namespace rekey::sam {

inline at::Tensor linear(const at::Tensor &x, const Parameters &parameters)
{
    return at::linear(x, parameters.weight, parameters.bias.defined() ? c10::optional<at::Tensor>(parameters.bias) : c10::nullopt);
}

/// Over the last dimension.
inline at::Tensor layerNorm(const at::Tensor &x, const Parameters &parameters, double eps)
{
    return at::layer_norm(x, parameters.weight.sizes(), parameters.weight, parameters.bias, eps);
}

constexpr double norm2dEps = 1e-6;

/// Over the channels of [batch, channels, height, width].
inline at::Tensor layerNorm2d(const at::Tensor &x, const Parameters &parameters)
{
    return layerNorm(x.permute({0, 2, 3, 1}), parameters, norm2dEps).permute({0, 3, 1, 2});
}

} // namespace rekey::sam
