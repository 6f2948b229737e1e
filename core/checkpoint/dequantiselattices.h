// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

/// One block of 256 values of ggml's types that store points of a lattice.
namespace rekey::lattices {

void iq1_s(const std::uint8_t *block, float *out);
void iq1_m(const std::uint8_t *block, float *out);
void iq2_xxs(const std::uint8_t *block, float *out);
void iq2_xs(const std::uint8_t *block, float *out);
void iq2_s(const std::uint8_t *block, float *out);
void iq3_xxs(const std::uint8_t *block, float *out);
void iq3_s(const std::uint8_t *block, float *out);

} // namespace rekey::lattices
