// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"

#include <ATen/ATen.h>

namespace rekey::sam {

/// One axis of decomposed relative positions for `size` tokens: rows of the checkpoint's table [any, head width], resized to 2·size - 1
/// rows by linear interpolation where it has another number (Li et al. 2021, "MViTv2", section 4.1, as segment-anything computes it).
at::Tensor relativeTable(const at::Tensor &table, std::int64_t size);

/// The vectors for each pair of a query and a key position, [queries, keys, head width], also for unequal lengths.
at::Tensor relativePositions(const at::Tensor &table, std::int64_t queries, std::int64_t keys);

/// Self-attention of a ViT block over a grid of tokens. `qkv` is [groups, rows · columns, 3 · width], as the fused projection gives it; the
/// result goes to `out`, [groups, rows · columns, width]. `tableH` and `tableW` are relativeTable()s or undefined. Scores exist for some
/// hundred queries and keys of one head at a time, with running maxima and sums (Milakov and Gimelshein 2018, "Online normalizer
/// calculation for softmax"), so that they stay in the second-level cache. Cancel takes effect between such blocks. By tiles.h where the
/// processor allows.
void gridAttention(at::Tensor &out, const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns,
                   const at::Tensor &tableH, const at::Tensor &tableW, const Progress &progress);

/// The same by LibTorch's own matrix products, on any processor.
void blasAttention(at::Tensor &out, const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns,
                   const at::Tensor &tableH, const at::Tensor &tableW, const Progress &progress);

} // namespace rekey::sam
