// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/tilekernels.h"

// Nothing of the standard library is instantiated below: a copy of a template compiled for AVX-512 must not be the one that the linker
// keeps for everybody.
#if defined(__x86_64__) && defined(__GNUC__)
#define REKEY_TILES 1
#include <immintrin.h>
#define REKEY_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define REKEY_AVX512_INLINE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"), always_inline)) static inline
#if (defined(__clang__) && __clang_major__ >= 14) || (!defined(__clang__) && __GNUC__ >= 12)
#define REKEY_TILES_HALF 1
#define REKEY_AVX512_HALF __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512fp16")))
#endif
#endif

namespace rekey::tiles::kernels {

#ifdef REKEY_TILES

bool hasAvx512()
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl");
}

namespace {

constexpr std::int64_t lanes = 16;

template <int rowCount>
REKEY_AVX512 void tile(const float *rows, const float *columns, std::int64_t inner, float *sums, bool fresh)
{
    __m512 left[rowCount], right[rowCount];
#pragma GCC unroll 14
    for (int r = 0; r < rowCount; ++r) {
        left[r] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + r * panel32);
        right[r] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + r * panel32 + lanes);
    }
    for (std::int64_t i = 0; i < inner; ++i, rows += rowCount, columns += panel32) {
        const __m512 first = _mm512_loadu_ps(columns), second = _mm512_loadu_ps(columns + lanes);
#pragma GCC unroll 14
        for (int r = 0; r < rowCount; ++r) {
            const __m512 x = _mm512_set1_ps(rows[r]);
            left[r] = _mm512_fmadd_ps(x, first, left[r]);
            right[r] = _mm512_fmadd_ps(x, second, right[r]);
        }
    }
#pragma GCC unroll 14
    for (int r = 0; r < rowCount; ++r) {
        _mm512_storeu_ps(sums + r * panel32, left[r]);
        _mm512_storeu_ps(sums + r * panel32 + lanes, right[r]);
    }
}

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

/// e^x for x ≤ 0 to about one unit in the last place: 2^n times a polynomial of degree 5 (Cephes' expf).
REKEY_AVX512_INLINE __m512 exponential(__m512 x)
{
    x = _mm512_max_ps(_mm512_set1_ps(-87), x); // e^-87, the smallest normal number; what is not a number stays so
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504088896341F)), 0x08);
    // ln 2 in two parts, so that x - n ln 2 stays exact to the last bit (Cody and Waite 1980).
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375F), x);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.12194440e-4F), r);
    __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(1.9875691500e-4F), _mm512_set1_ps(1.3981999507e-3F));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3F));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2F));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1F));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1F));
    p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, _mm512_set1_ps(1)));
    return _mm512_scalef_ps(p, n);
}

/// x (1 + erf(x / √2)) / 2; erf by Abramowitz and Stegun 1964, 7.1.26, to 1.5e-7.
REKEY_AVX512_INLINE __m512 gelu(__m512 x)
{
    const __m512 one = _mm512_set1_ps(1), z = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.70710678118654752F));
    const __m512 t = _mm512_div_ps(one, _mm512_fmadd_ps(z, _mm512_set1_ps(0.3275911F), one));
    __m512 p = _mm512_fmadd_ps(t, _mm512_set1_ps(1.061405429F), _mm512_set1_ps(-1.453152027F));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.421413741F));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.284496736F));
    p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.254829592F));
    // 1 - erf(z), which times |x| / 2 is what the negative side gives and the positive side lacks.
    const __m512 rest = _mm512_mul_ps(_mm512_mul_ps(p, t), exponential(_mm512_mul_ps(_mm512_sub_ps(_mm512_setzero_ps(), z), z)));
    const __m512 lacking = _mm512_mul_ps(_mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.5F)), rest);
    return _mm512_sub_ps(_mm512_max_ps(x, _mm512_setzero_ps()), lacking);
}

} // namespace

REKEY_AVX512 void tile32(const float *rows, const float *columns, std::int64_t inner, float *sums, bool fresh)
{
    tile<14>(rows, columns, inner, sums, fresh);
}

REKEY_AVX512 void tile32of13(const float *rows, const float *columns, std::int64_t inner, float *sums, bool fresh)
{
    tile<13>(rows, columns, inner, sums, fresh);
}

REKEY_AVX512 void packBlock32(const float *const *rows, std::int64_t count, std::int64_t inner, float *to)
{
    for (std::int64_t i = 0; i < inner; i += lanes) {
        const std::int64_t here = inner - i < lanes ? inner - i : lanes;
        __m512 square[lanes];
        for (int r = 0; r < lanes; ++r)
            square[r] = r < count && r < blockRows ? _mm512_maskz_loadu_ps(firstLanes(here), rows[r] + i) : _mm512_setzero_ps();
        transpose(square);
        for (std::int64_t k = 0; k < here; ++k)
            _mm512_mask_storeu_ps(to + (i + k) * blockRows, firstLanes(blockRows), square[k]);
    }
}

REKEY_AVX512 void packPanel32(const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, float *to)
{
    for (std::int64_t half = 0; half < panel32; half += lanes) {
        for (std::int64_t i = 0; i < inner; i += lanes) {
            const std::int64_t here = inner - i < lanes ? inner - i : lanes;
            __m512 square[lanes];
            for (int c = 0; c < lanes; ++c)
                square[c]
                    = half + c < count ? _mm512_maskz_loadu_ps(firstLanes(here), columns + (half + c) * stride + i) : _mm512_setzero_ps();
            transpose(square);
            for (std::int64_t k = 0; k < here; ++k)
                _mm512_storeu_ps(to + (i + k) * panel32 + half, square[k]);
        }
    }
}

REKEY_AVX512 void finish(const float *sums, std::int64_t width, std::int64_t rows, std::int64_t columns, const float *bias, Then then,
                         float *const *outRows, std::int64_t column)
{
    for (std::int64_t c = 0; c < columns; c += lanes) {
        const std::int64_t here = columns - c < lanes ? columns - c : lanes;
        const __mmask16 inside = firstLanes(here);
        const __m512 offset = bias != nullptr ? _mm512_maskz_loadu_ps(inside, bias + c) : _mm512_setzero_ps();
        for (std::int64_t r = 0; r < rows; ++r) {
            float *out = outRows[r] + column + c;
            __m512 value = _mm512_add_ps(_mm512_loadu_ps(sums + r * width + c), offset);
            if (then == Then::Gelu)
                value = gelu(value);
            else if (then == Then::Add)
                value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(inside, out));
            _mm512_mask_storeu_ps(out, inside, value);
        }
    }
}

REKEY_AVX512 void softmaxColumns(float *scores, std::int64_t keys, float scale, const float *height, const float *across,
                                 std::int64_t gridColumns, std::int64_t keyRow, std::int64_t keyColumn, float *largest, float *sums,
                                 float *shrink)
{
    for (std::int64_t half = 0; half < panel32; half += lanes) {
        const __m512 before = _mm512_loadu_ps(largest + half), factor = _mm512_set1_ps(scale);
        __m512 peak = before;
        float *score = scores + half;
        std::int64_t row = keyRow, column = keyColumn;
        for (std::int64_t key = 0; key < keys;) {
            const __m512 offset = height != nullptr ? _mm512_loadu_ps(height + row * panel32 + half) : _mm512_setzero_ps();
            for (; key < keys && column < gridColumns; ++key, ++column, score += panel32) {
                const __m512 position
                    = across != nullptr ? _mm512_add_ps(offset, _mm512_loadu_ps(across + column * panel32 + half)) : offset;
                const __m512 value = _mm512_fmadd_ps(_mm512_loadu_ps(score), factor, position);
                _mm512_storeu_ps(score, value);
                peak = _mm512_max_ps(peak, value);
            }
            column = 0;
            ++row;
        }
        __m512 total = _mm512_setzero_ps();
        score = scores + half;
        for (std::int64_t key = 0; key < keys; ++key, score += panel32) {
            const __m512 weight = exponential(_mm512_sub_ps(_mm512_loadu_ps(score), peak));
            _mm512_storeu_ps(score, weight);
            total = _mm512_add_ps(total, weight);
        }
        const __m512 less = exponential(_mm512_sub_ps(before, peak));
        _mm512_storeu_ps(shrink + half, less);
        _mm512_storeu_ps(sums + half, _mm512_fmadd_ps(_mm512_loadu_ps(sums + half), less, total));
        _mm512_storeu_ps(largest + half, peak);
    }
}

#else

bool hasAvx512() { return false; }
void tile32(const float *, const float *, std::int64_t, float *, bool) {}
void tile32of13(const float *, const float *, std::int64_t, float *, bool) {}
void packBlock32(const float *const *, std::int64_t, std::int64_t, float *) {}
void packPanel32(const float *, std::int64_t, std::int64_t, std::int64_t, float *) {}
void finish(const float *, std::int64_t, std::int64_t, std::int64_t, const float *, Then, float *const *, std::int64_t) {}
void softmaxColumns(float *, std::int64_t, float, const float *, const float *, std::int64_t, std::int64_t, std::int64_t, float *, float *,
                    float *)
{
}

#endif

#ifdef REKEY_TILES_HALF

bool hasAvx512Half()
{
    // Not every compiler's __builtin_cpu_supports() knows the name: leaf 7, EDX, bit 23 (Intel SDM volume 2, CPUID).
    unsigned eax = 7, ebx = 0, ecx = 0, edx = 0;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return hasAvx512() && (edx >> 23U & 1U) != 0;
}

REKEY_AVX512_HALF void tile16(const std::uint32_t *rows, const std::uint16_t *columns, std::int64_t inner, float *sums, bool fresh)
{
    for (std::int64_t done = 0; done < inner; done += halfRun) {
        const std::int64_t run = inner - done < halfRun ? inner - done : halfRun;
        __m512h left[blockRows], right[blockRows];
#pragma GCC unroll 14
        for (int r = 0; r < blockRows; ++r)
            left[r] = right[r] = _mm512_setzero_ph();
        for (std::int64_t i = 0; i < run; ++i, rows += blockRows, columns += panel16) {
            const __m512h first = _mm512_loadu_ph(columns), second = _mm512_loadu_ph(columns + panel32);
#pragma GCC unroll 14
            for (int r = 0; r < blockRows; ++r) {
                const __m512h x = _mm512_castsi512_ph(_mm512_set1_epi32(static_cast<int>(rows[r])));
                left[r] = _mm512_fmadd_ph(x, first, left[r]);
                right[r] = _mm512_fmadd_ph(x, second, right[r]);
            }
        }
        const bool set = fresh && done == 0;
#pragma GCC unroll 14
        for (int r = 0; r < blockRows; ++r) {
#pragma GCC unroll 2
            for (int side = 0; side < 2; ++side) {
                const __m512i halves = _mm512_castph_si512(side == 0 ? left[r] : right[r]);
                float *sum = sums + r * panel16 + side * panel32;
                __m512 low = _mm512_cvtxph_ps(_mm256_castsi256_ph(_mm512_castsi512_si256(halves)));
                __m512 high = _mm512_cvtxph_ps(_mm256_castsi256_ph(_mm512_extracti64x4_epi64(halves, 1)));
                if (!set) {
                    low = _mm512_add_ps(low, _mm512_loadu_ps(sum));
                    high = _mm512_add_ps(high, _mm512_loadu_ps(sum + lanes));
                }
                _mm512_storeu_ps(sum, low);
                _mm512_storeu_ps(sum + lanes, high);
            }
        }
    }
}

namespace {

/// Up to 16 floats to halves, zeros beyond `count`; what is too large becomes the largest finite half.
REKEY_AVX512_HALF inline __m256i halves(const float *from, std::int64_t count)
{
    const auto inside = static_cast<__mmask16>((1U << count) - 1U);
    const __m512 most = _mm512_set1_ps(65504), x = _mm512_maskz_loadu_ps(inside, from);
    const __m512 bounded = _mm512_min_ps(most, _mm512_max_ps(_mm512_sub_ps(_mm512_setzero_ps(), most), x));
    return _mm512_cvtps_ph(bounded, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

} // namespace

REKEY_AVX512_HALF void packBlock16(const float *const *rows, std::int64_t count, std::int64_t inner, std::uint32_t *to)
{
    for (std::int64_t r = 0; r < blockRows; ++r) {
        for (std::int64_t i = 0; i < inner; i += lanes) {
            const std::int64_t here = inner - i < lanes ? inner - i : lanes;
            std::uint16_t values[lanes] = {};
            if (r < count)
                _mm256_storeu_si256(reinterpret_cast<__m256i *>(values), halves(rows[r] + i, here));
            for (std::int64_t lane = 0; lane < here; ++lane)
                to[(i + lane) * blockRows + r] = values[lane] * 0x10001U;
        }
    }
}

REKEY_AVX512_HALF void packPanel16(const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, std::uint16_t *to)
{
    for (std::int64_t c = 0; c < panel16; ++c) {
        for (std::int64_t i = 0; i < inner; i += lanes) {
            const std::int64_t here = inner - i < lanes ? inner - i : lanes;
            std::uint16_t values[lanes] = {};
            if (c < count)
                _mm256_storeu_si256(reinterpret_cast<__m256i *>(values), halves(columns + c * stride + i, here));
            for (std::int64_t lane = 0; lane < here; ++lane)
                to[(i + lane) * panel16 + c] = values[lane];
        }
    }
}

#else

bool hasAvx512Half() { return false; }
void tile16(const std::uint32_t *, const std::uint16_t *, std::int64_t, float *, bool) {}
void packBlock16(const float *const *, std::int64_t, std::int64_t, std::uint32_t *) {}
void packPanel16(const float *, std::int64_t, std::int64_t, std::int64_t, std::uint16_t *) {}

#endif

} // namespace rekey::tiles::kernels
