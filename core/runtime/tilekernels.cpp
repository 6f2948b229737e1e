// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/avx512.h"
#include "core/runtime/tilekernels.h"

namespace rekey::tiles::kernels {

#ifdef REKEY_TILES

bool hasAvx512()
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl");
}

namespace {

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

REKEY_AVX512 void finish(const float *sums, std::int64_t width, std::int64_t rows, std::int64_t columns, const float *rowExponents,
                         const float *columnExponents, const float *bias, Then then, float *const *outRows, std::int64_t column)
{
    for (std::int64_t c = 0; c < columns; c += lanes) {
        const std::int64_t here = columns - c < lanes ? columns - c : lanes;
        const __mmask16 inside = firstLanes(here);
        const __m512 offset = bias != nullptr ? _mm512_maskz_loadu_ps(inside, bias + c) : _mm512_setzero_ps();
        const __m512 exponents = columnExponents != nullptr ? _mm512_loadu_ps(columnExponents + c) : _mm512_setzero_ps();
        for (std::int64_t r = 0; r < rows; ++r) {
            float *out = outRows[r] + column + c;
            __m512 value = _mm512_loadu_ps(sums + r * width + c);
            if (rowExponents != nullptr) // in one step: neither power of two alone need be a number of fp32
                value = _mm512_scalef_ps(value, _mm512_add_ps(exponents, _mm512_set1_ps(rowExponents[r])));
            value = _mm512_add_ps(value, offset);
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
void finish(const float *, std::int64_t, std::int64_t, std::int64_t, const float *, const float *, const float *, Then, float *const *,
            std::int64_t)
{
}
void softmaxColumns(float *, std::int64_t, float, const float *, const float *, std::int64_t, std::int64_t, std::int64_t, float *, float *,
                    float *)
{
}

#endif

} // namespace rekey::tiles::kernels
