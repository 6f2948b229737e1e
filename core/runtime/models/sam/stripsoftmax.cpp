// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/stripsoftmax.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

// Compiled for several instruction sets, chosen when the library is loaded; vectors wider than the machine's are split by the compiler.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__)
#define REKEY_EACH_MACHINE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define REKEY_EACH_MACHINE
#endif
#define REKEY_INLINE __attribute__((always_inline)) static inline
#define REKEY_INLINE_MEMBER __attribute__((always_inline)) inline

namespace rekey::sam {

namespace {

template <int lanes>
struct Lanes
{
    using Float __attribute__((vector_size(lanes * sizeof(float)))) = float;
    using Integer __attribute__((vector_size(lanes * sizeof(std::int32_t)))) = std::int32_t;
};

template <class V>
REKEY_INLINE void load(V &vector, const float *from)
{
    std::memcpy(&vector, from, sizeof vector);
}

template <class V>
REKEY_INLINE void store(float *to, const V &vector)
{
    std::memcpy(to, &vector, sizeof vector);
}

constexpr float lowest = -87.0F; // e^-87 ≈ 1.6e-38, the smallest normal number
constexpr float log2e = 1.44269504088896341F;
// ln 2 in two parts, so that x - n ln 2 stays exact to the last bit (Cody and Waite 1980).
constexpr float ln2High = 0.693359375F;
constexpr float ln2Low = -2.12194440e-4F;

/// e^x for x ≤ 0 to about one unit in the last place: 2^n times a polynomial of degree 5 (Cephes' expf).
template <class V, class I>
REKEY_INLINE void exponential(V &x)
{
    const V least = V{} + lowest;
    x = x < least ? least : x;
    const I n = __builtin_convertvector(x * log2e - 0.5F, I); // truncates towards zero: rounds to nearest for x ≤ 0
    const V whole = __builtin_convertvector(n, V);
    const V r = (x - whole * ln2High) - whole * ln2Low;
    V p = r * 1.9875691500e-4F + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const I power = (n + 127) << 23;
    V factor;
    std::memcpy(&factor, &power, sizeof factor);
    x = p * factor;
}

/// A row of keys: score · scale + offset + across. Where the last vector reaches beyond the row, its further lanes keep what they hold.
struct RowAdder
{
    static constexpr int lanes = 16;
    using V = Lanes<lanes>::Float;
    V tailScale, tailAcross, tailOffset, tailPeak;

    REKEY_INLINE_MEMBER RowAdder(std::size_t columns, float scale, const float *across)
    {
        const std::size_t whole = columns - columns % lanes;
        for (int lane = 0; lane < lanes; ++lane) {
            const bool inside = whole + static_cast<std::size_t>(lane) < columns;
            tailScale[lane] = inside ? scale : 1;
            tailAcross[lane] = inside && across != nullptr ? across[whole + static_cast<std::size_t>(lane)] : 0;
            tailOffset[lane] = inside ? 1.0F : 0.0F;
            tailPeak[lane] = inside ? 0 : -std::numeric_limits<float>::infinity();
        }
    }
    REKEY_INLINE_MEMBER void add(float *scores, std::size_t columns, float scale, float offset, const float *across, V &peak) const
    {
        std::size_t x = 0;
        for (; x + lanes <= columns; x += lanes) {
            V score, position = {};
            load(score, scores + x);
            if (across != nullptr)
                load(position, across + x);
            score = score * scale + (position + offset);
            store(scores + x, score);
            peak = score > peak ? score : peak;
        }
        if (x < columns) {
            V score;
            load(score, scores + x);
            score = score * tailScale + (tailAcross + tailOffset * offset);
            store(scores + x, score);
            score = score + tailPeak;
            peak = score > peak ? score : peak;
        }
    }
};

template <int lanes>
REKEY_INLINE std::size_t exponentialRun(float *weights, std::size_t at, std::size_t count, float largest, float &sum)
{
    using V = typename Lanes<lanes>::Float;
    using I = typename Lanes<lanes>::Integer;
    V total = {};
    for (; at + lanes <= count; at += lanes) {
        V x;
        load(x, weights + at);
        x = x - largest;
        exponential<V, I>(x);
        store(weights + at, x);
        total += x;
    }
    for (int lane = 0; lane < lanes; ++lane)
        sum += total[lane];
    return at;
}

} // namespace

REKEY_EACH_MACHINE
float softmaxWeights(float *scores, std::size_t rows, std::size_t columns, float scale, const float *height, const float *across,
                     float &maximum)
{
    const RowAdder adder(columns, scale, across);
    RowAdder::V peak = RowAdder::V{} + maximum;
    for (std::size_t y = 0; y < rows; ++y)
        adder.add(scores + y * columns, columns, scale, height != nullptr ? height[y] : 0, across, peak);
    float largest = maximum;
    for (int lane = 0; lane < RowAdder::lanes; ++lane)
        largest = std::max(largest, peak[lane]);
    maximum = largest;
    const std::size_t count = rows * columns;
    float sum = 0;
    std::size_t at = exponentialRun<16>(scores, 0, count, largest, sum);
    at = exponentialRun<4>(scores, at, count, largest, sum);
    for (; at < count; ++at) {
        scores[at] = std::exp(scores[at] - largest);
        sum += scores[at];
    }
    return sum;
}

} // namespace rekey::sam
