// SPDX-License-Identifier: GPL-3.0-or-later
// The loops of tilekernels.h whose factors take 16 bits.
#include "core/runtime/avx512.h"
#include "core/runtime/tilekernels.h"

#if defined(REKEY_TILES) && ((defined(__clang__) && __clang_major__ >= 16) || (!defined(__clang__) && __GNUC__ >= 12))
#define REKEY_TILES_HALF 1
#define REKEY_AVX512_HALF __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512fp16")))
#define REKEY_AVX512_BFLOAT __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#endif

namespace rekey::tiles::kernels {

#ifdef REKEY_TILES_HALF

namespace {

struct Identification
{
    unsigned eax, ebx, ecx, edx;
};

/// CPUID's leaf 7 (Intel SDM volume 2): not every compiler's __builtin_cpu_supports() knows the names of what stands there.
Identification leaf7(unsigned part)
{
    Identification found {7, 0, part, 0};
    __asm__("cpuid" : "+a"(found.eax), "=b"(found.ebx), "+c"(found.ecx), "=d"(found.edx));
    return found;
}

} // namespace

bool hasAvx512Half()
{
    return hasAvx512() && (leaf7(0).edx >> 23U & 1U) != 0;
}

bool hasAvx512Bfloat()
{
    return hasAvx512() && leaf7(0).eax >= 1 && (leaf7(1).eax >> 5U & 1U) != 0;
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

REKEY_AVX512_BFLOAT void tilePairs(const std::uint32_t *rows, const std::uint32_t *columns, std::int64_t pairs, float *sums, bool fresh)
{
    __m512 left[blockRows], right[blockRows];
#pragma GCC unroll 14
    for (int r = 0; r < blockRows; ++r) {
        left[r] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + r * panel32);
        right[r] = fresh ? _mm512_setzero_ps() : _mm512_loadu_ps(sums + r * panel32 + lanes);
    }
    for (std::int64_t i = 0; i < pairs; ++i, rows += blockRows, columns += panel32) {
        const auto first = reinterpret_cast<__m512bh>(_mm512_loadu_si512(columns));
        const auto second = reinterpret_cast<__m512bh>(_mm512_loadu_si512(columns + lanes));
#pragma GCC unroll 14
        for (int r = 0; r < blockRows; ++r) {
            const auto x = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(rows[r])));
            left[r] = _mm512_dpbf16_ps(left[r], x, first);
            right[r] = _mm512_dpbf16_ps(right[r], x, second);
        }
    }
#pragma GCC unroll 14
    for (int r = 0; r < blockRows; ++r) {
        _mm512_storeu_ps(sums + r * panel32, left[r]);
        _mm512_storeu_ps(sums + r * panel32 + lanes, right[r]);
    }
}

namespace {

/// Of the power of two by which to divide, so that the largest of `count` numbers lies in [2^scaledExponent, 2^(scaledExponent + 1)).
/// Infinities and what is not a number remain what they are beside any finite numbers.
REKEY_AVX512_INLINE float exponentFor(const float *from, std::int64_t count)
{
    constexpr std::uint32_t largestFinite = 0x7F7FFFFF;
    const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
    __m512i largest = _mm512_setzero_si512(); // bits of magnitudes are in the order of the numbers
    for (std::int64_t i = 0; i < count; i += lanes) {
        const __mmask16 inside = firstLanes(count - i < lanes ? count - i : lanes);
        largest = _mm512_max_epu32(largest, _mm512_and_si512(magnitude, _mm512_maskz_loadu_epi32(inside, from + i)));
    }
    const auto bits = static_cast<std::uint32_t>(_mm512_reduce_max_epu32(largest));
    if (bits == 0)
        return 0;
    const __m512i bounded = _mm512_set1_epi32(static_cast<int>(bits < largestFinite ? bits : largestFinite));
    return _mm512_cvtss_f32(_mm512_getexp_ps(_mm512_castsi512_ps(bounded))) - static_cast<float>(scaledExponent);
}

/// To the nearest number of 8 significant bits, ties to even; still a float. What is not a number stays as it is.
REKEY_AVX512_INLINE __m512 roundedToBfloat(__m512 x)
{
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
    const __m512i rounded = _mm512_and_si512(up, _mm512_set1_epi32(static_cast<int>(0xFFFF0000U)));
    return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), _mm512_castsi512_ps(rounded));
}

/// Up to 16 numbers as they are packed, but in fp32 still; zeros beyond.
REKEY_AVX512_INLINE __m512 scaled(Factors factors, const float *from, std::int64_t count, float exponent)
{
    const __m512 x = _mm512_scalef_ps(_mm512_maskz_loadu_ps(firstLanes(count), from), _mm512_set1_ps(-exponent));
    return factors == Factors::F16 ? x : roundedToBfloat(x);
}

REKEY_AVX512_INLINE __m256i halves(__m512 x)
{
    return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

} // namespace

REKEY_AVX512_HALF void packBlock16(Factors factors, const float *const *rows, std::int64_t count, std::int64_t inner, std::uint32_t *to,
                                   float *exponents)
{
    for (std::int64_t r = 0; r < blockRows; ++r)
        exponents[r] = r < count ? exponentFor(rows[r], inner) : 0;
    for (std::int64_t i = 0; i < inner; i += lanes) {
        const std::int64_t here = inner - i < lanes ? inner - i : lanes;
        __m512 square[lanes];
        for (int r = 0; r < lanes; ++r)
            square[r] = r < count && r < blockRows ? scaled(factors, rows[r] + i, here, exponents[r]) : _mm512_setzero_ps();
        transpose(square);
        for (std::int64_t k = 0; k < here; ++k) {
            const __m512i once = _mm512_cvtepu16_epi32(halves(square[k]));
            const __m512i twice = _mm512_or_si512(once, _mm512_slli_epi32(once, 16));
            _mm512_mask_storeu_epi32(to + (i + k) * blockRows, firstLanes(blockRows), twice);
        }
    }
}

REKEY_AVX512_HALF void packPanel16(Factors factors, const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner,
                                   std::uint16_t *to, float *exponents)
{
    for (std::int64_t c = 0; c < panel16; ++c)
        exponents[c] = c < count ? exponentFor(columns + c * stride, inner) : 0;
    for (std::int64_t group = 0; group < panel16; group += lanes) {
        for (std::int64_t i = 0; i < inner; i += lanes) {
            const std::int64_t here = inner - i < lanes ? inner - i : lanes;
            __m512 square[lanes];
            for (int c = 0; c < lanes; ++c)
                square[c] = group + c < count ? scaled(factors, columns + (group + c) * stride + i, here, exponents[group + c])
                                              : _mm512_setzero_ps();
            transpose(square);
            for (std::int64_t k = 0; k < here; ++k)
                _mm256_storeu_si256(reinterpret_cast<__m256i *>(to + (i + k) * panel16 + group), halves(square[k]));
        }
    }
}

namespace {

/// Up to 32 numbers as 16 pairs; zeros beyond.
REKEY_AVX512_BFLOAT inline __m512 pairsOf(const float *from, std::int64_t count)
{
    const __m512 first = _mm512_maskz_loadu_ps(firstLanes(count < lanes ? count : lanes), from);
    const __m512 second = count > lanes ? _mm512_maskz_loadu_ps(firstLanes(count - lanes), from + lanes) : _mm512_setzero_ps();
    return reinterpret_cast<__m512>(_mm512_cvtne2ps_pbh(second, first));
}

} // namespace

REKEY_AVX512_BFLOAT void packBlockPairs(const float *const *rows, std::int64_t count, std::int64_t inner, std::uint32_t *to)
{
    for (std::int64_t i = 0; i < inner; i += 2 * lanes) {
        const std::int64_t here = inner - i < 2 * lanes ? inner - i : 2 * lanes;
        __m512 square[lanes];
        for (int r = 0; r < lanes; ++r)
            square[r] = r < count && r < blockRows ? pairsOf(rows[r] + i, here) : _mm512_setzero_ps();
        transpose(square);
        for (std::int64_t k = 0; 2 * k < here; ++k)
            _mm512_mask_storeu_ps(to + (i / 2 + k) * blockRows, firstLanes(blockRows), square[k]);
    }
}

REKEY_AVX512_BFLOAT void packPanelPairs(const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner,
                                        std::uint32_t *to)
{
    for (std::int64_t group = 0; group < panel32; group += lanes) {
        for (std::int64_t i = 0; i < inner; i += 2 * lanes) {
            const std::int64_t here = inner - i < 2 * lanes ? inner - i : 2 * lanes;
            __m512 square[lanes];
            for (int c = 0; c < lanes; ++c)
                square[c] = group + c < count ? pairsOf(columns + (group + c) * stride + i, here) : _mm512_setzero_ps();
            transpose(square);
            for (std::int64_t k = 0; 2 * k < here; ++k)
                _mm512_storeu_ps(to + (i / 2 + k) * panel32 + group, square[k]);
        }
    }
}

#else

bool hasAvx512Half() { return false; }
bool hasAvx512Bfloat() { return false; }
void tile16(const std::uint32_t *, const std::uint16_t *, std::int64_t, float *, bool) {}
void tilePairs(const std::uint32_t *, const std::uint32_t *, std::int64_t, float *, bool) {}
void packBlock16(Factors, const float *const *, std::int64_t, std::int64_t, std::uint32_t *, float *) {}
void packPanel16(Factors, const float *, std::int64_t, std::int64_t, std::int64_t, std::uint16_t *, float *) {}
void packBlockPairs(const float *const *, std::int64_t, std::int64_t, std::uint32_t *) {}
void packPanelPairs(const float *, std::int64_t, std::int64_t, std::int64_t, std::uint32_t *) {}

#endif

} // namespace rekey::tiles::kernels
