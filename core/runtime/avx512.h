// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the files of AVX-512 loops share. Nothing of the standard library is instantiated in them: a copy of a template compiled for AVX-512
// must not be the one that the linker keeps for everybody.

#if defined(__x86_64__) && defined(__GNUC__)
#define REKEY_TILES 1

#include <cstdint>
#include <immintrin.h>

#define REKEY_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define REKEY_AVX512_INLINE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), always_inline)) static inline

namespace rekey::tiles::kernels {

constexpr std::int64_t lanes = 16;

REKEY_AVX512_INLINE __mmask16 firstLanes(std::int64_t count)
{
    return static_cast<__mmask16>((1U << count) - 1U);
}

/// 16 × 16 floats: pairs, then pairs of pairs within quarters of the vectors, then the quarters.
REKEY_AVX512_INLINE void transpose(__m512 (&rows)[lanes])
{
    __m512 pairs[lanes];
#pragma GCC unroll 8
    for (int r = 0; r < lanes; r += 2) {
        pairs[r] = _mm512_unpacklo_ps(rows[r], rows[r + 1]);
        pairs[r + 1] = _mm512_unpackhi_ps(rows[r], rows[r + 1]);
    }
    __m512 fours[lanes]; // [4 b + c]: rows 4 b … 4 b + 3 of the columns c, c + 4, c + 8, c + 12
#pragma GCC unroll 4
    for (int r = 0; r < lanes; r += 4) {
        const __m512d a = _mm512_castps_pd(pairs[r]), b = _mm512_castps_pd(pairs[r + 1]);
        const __m512d c = _mm512_castps_pd(pairs[r + 2]), d = _mm512_castps_pd(pairs[r + 3]);
        fours[r] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        fours[r + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        fours[r + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        fours[r + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
        const __m512 low = _mm512_shuffle_f32x4(fours[c], fours[4 + c], 0x88),
                     high = _mm512_shuffle_f32x4(fours[8 + c], fours[12 + c], 0x88);
        const __m512 lowOdd = _mm512_shuffle_f32x4(fours[c], fours[4 + c], 0xDD),
                     highOdd = _mm512_shuffle_f32x4(fours[8 + c], fours[12 + c], 0xDD);
        rows[c] = _mm512_shuffle_f32x4(low, high, 0x88);
        rows[c + 8] = _mm512_shuffle_f32x4(low, high, 0xDD);
        rows[c + 4] = _mm512_shuffle_f32x4(lowOdd, highOdd, 0x88);
        rows[c + 12] = _mm512_shuffle_f32x4(lowOdd, highOdd, 0xDD);
    }
}

} // namespace rekey::tiles::kernels

#endif
