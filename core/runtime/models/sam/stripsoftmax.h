// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace rekey::sam {

/// A block of one row of attention scores made into weights, in place: exp(scale · score + height[y] + across[x] - largest), for keys on a
/// grid of rows × columns tokens, row by row. `largest` is raised to the block's maximum first. Returns the sum of the weights. height and
/// across may be null. All in one go while the block lies in the first-level cache: as separate operators over whole matrices this
/// costs more than the products around it. Up to softmaxSlack floats after the block are read and written back as they were.
inline constexpr std::size_t softmaxSlack = 15;
float softmaxWeights(float *scores, std::size_t rows, std::size_t columns, float scale, const float *height, const float *across,
                     float &largest);

} // namespace rekey::sam
