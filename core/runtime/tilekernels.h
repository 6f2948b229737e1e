// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/tiles.h"

// The innermost loops behind tiles.h, in AVX-512. None may be called where hasAvx512() is false, none with 16 where hasAvx512Half() is,
// none with pairs where hasAvx512Bfloat() is.

namespace rekey::tiles::kernels {

inline constexpr std::int64_t panel32 = 32, panel16 = 64;
/// Each row and each column of halves is scaled so that its largest number lies in [2^4, 2^5). Then halfRun products add up to less than
/// 2^15, below the largest number of fp16; and numbers of 8 significant bits are kept exactly down to 2^-21 of the largest, and to within
/// 2^-29 of the largest below.
inline constexpr int scaledExponent = 4;

bool hasAvx512();
bool hasAvx512Half();
bool hasAvx512Bfloat();

/// Up to blockRows rows to [inner][blockRows]; in halves each twice, so that 32 bits can be broadcast. The powers of two that were divided
/// by go to `exponents` [blockRows].
void packBlock32(const float *const *rows, std::int64_t count, std::int64_t inner, float *to);
void packBlock16(Factors factors, const float *const *rows, std::int64_t count, std::int64_t inner, std::uint32_t *to, float *exponents);
/// Columns that are rows of memory to [inner][panel width], `exponents` [panel width].
void packPanel32(const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, float *to);
void packPanel16(Factors factors, const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, std::uint16_t *to,
                 float *exponents);
/// The same in bf16 numbers, two of the inner dimension side by side (a zero beside an odd last one): [pairs][blockRows], [pairs][panel32].
void packBlockPairs(const float *const *rows, std::int64_t count, std::int64_t inner, std::uint32_t *to);
void packPanelPairs(const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, std::uint32_t *to);

/// sums [blockRows][panel width] of [inner][blockRows] times [inner][panel width], added to what is there unless `fresh`.
void tile32(const float *rows, const float *columns, std::int64_t inner, float *sums, bool fresh);
void tile16(const std::uint32_t *rows, const std::uint16_t *columns, std::int64_t inner, float *sums, bool fresh);
void tilePairs(const std::uint32_t *rows, const std::uint32_t *columns, std::int64_t pairs, float *sums, bool fresh);
/// As tile32 with blocks of 13 rows, which suit heads of 64 channels: 5 · 13 = 65.
void tile32of13(const float *rows, const float *columns, std::int64_t inner, float *sums, bool fresh);

/// A tile's `rows` × `columns` to outRows[r] + column, multiplied by 2 to the sum of its row's and column's exponent (both null: 1).
void finish(const float *sums, std::int64_t width, std::int64_t rows, std::int64_t columns, const float *rowExponents,
            const float *columnExponents, const float *bias, Then then, float *const *outRows, std::int64_t column);

/// Scores [keys][panel32] of 32 queries made into weights in place: exp(scale · score + height + across -
/// largest). `height` [panel32] for each key row and `across` [panel32] for each key column, both null without positions. Keys go through a
/// grid of `gridColumns`, the first at (keyRow, keyColumn). `largest` and `sums` are running values of each query, raised and added to;
/// `shrink` gets what earlier sums were multiplied by.
void softmaxColumns(float *scores, std::int64_t keys, float scale, const float *height, const float *across, std::int64_t gridColumns,
                    std::int64_t keyRow, std::int64_t keyColumn, float *largest, float *sums, float *shrink);

} // namespace rekey::tiles::kernels
