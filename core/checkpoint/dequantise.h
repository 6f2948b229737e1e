// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/dtype.h"

#include <bit>
#include <cstdint>

namespace rekey {

/// IEEE binary16 to binary32, exact. Without branches, so that loops over it become vector code.
inline float floatFromHalf(std::uint16_t half)
{
    const std::uint32_t sign = (half & 0x8000U) << 16;
    const std::uint32_t rest = half & 0x7FFFU;
    const std::uint32_t normal = (rest << 13) + (rest >= 0x7C00 ? 0x70000000U : 0x38000000U);
    const auto subnormal = std::bit_cast<std::uint32_t>(static_cast<float>(rest) * 0x1p-24F);
    return std::bit_cast<float>(sign | (rest < 0x400 ? subnormal : normal));
}

/// Whether dequantise() knows ggml's block type.
bool canDequantise(DType dtype);

/// Whole blocks of a ggml type to float; `bytes` holds exactly out.size() elements.
/// Layouts: https://github.com/ggml-org/ggml, ggml-common.h; arithmetic: ggml-quants.c.
void dequantise(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

} // namespace rekey
