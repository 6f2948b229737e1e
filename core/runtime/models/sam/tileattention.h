// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"

#include <ATen/ATen.h>

namespace rekey::sam {

/// gridAttention() by tiles.h, for processors that have it. Everything is computed transposed, keys down and 32 queries across: then maxima
/// and sums of the softmax need no step across a vector, relative positions are added as rows, and the weights are packed as they are for
/// the product with the values.
void tileAttention(at::Tensor &out, const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns,
                   const at::Tensor &tableH, const at::Tensor &tableW, const Progress &progress);

} // namespace rekey::sam
