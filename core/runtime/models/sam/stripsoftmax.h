// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace rekey::sam {

/// One row of attention scores made into weights, in place: exp(scale · score + height[y] + across[x] - max) for the keys' grid of rows × columns
/// tokens, row by row. Returns the sum of the weights, by which the caller divides the (much shorter) result. height and across may be null.
/// One pass while the row lies in the first-level cache; as separate operators over whole matrices this costs more than the products.
float softmaxWeights(float *scores, std::size_t rows, std::size_t columns, float scale, const float *height, const float *across);

} // namespace rekey::sam
