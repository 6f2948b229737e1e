// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/dequantiselattices.h"

#include "core/base/bytereader.h"
#include "core/checkpoint/dequantise.h"
#include "core/checkpoint/latticetables.h"

#include <bit>

namespace rekey::lattices {

namespace {

using Block = const std::uint8_t *;

template <typename T>
T number(Block at)
{
    return littleEndian<T>(reinterpret_cast<const std::byte *>(at));
}

float half(Block at)
{
    return floatFromHalf(number<std::uint16_t>(at));
}

constexpr std::array<float, 4> twoBitLevels = {8, 25, 43, 0};
constexpr std::array<float, 8> coarseLevels = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr std::array<float, 8> oddLevels = {1, 3, 5, 7, 9, 11, 13, 15};

/// Writes coordinates of `bits` bits each; a set bit of `signs` (lowest first) makes one negative.
template <std::size_t count, unsigned bits, typename Levels>
void put(unsigned point, const Levels &levels, float scale, unsigned signs, float *out)
{
    for (std::size_t i = 0; i < count; ++i) {
        const float value = scale * levels[point >> (bits * i) & ((1U << bits) - 1)];
        out[i] = (signs >> i & 1) != 0 ? -value : value;
    }
}

/// Eight signs in seven bits: an even number of them is negative.
unsigned evenSigns(unsigned code)
{
    code &= 127;
    return code | static_cast<unsigned>(std::popcount(code) & 1) << 7;
}

/// Eight values of the types around 1.5 bits: level -1, 0 or 1, all shifted by an eighth.
void putTernary(unsigned index, float scale, bool down, float *out)
{
    for (unsigned i = 0; i < 8; ++i) {
        const int level = static_cast<int>(iq1[index] >> (2 * i) & 3) - 1;
        out[i] = scale * (static_cast<float>(level) + (down ? -0.125F : 0.125F));
    }
}

/// Two scales of four bits for 32 values.
float halfStep(float d, unsigned code)
{
    return d * (0.5F + static_cast<float>(code)) * 0.25F;
}

} // namespace

/// half scale · 8 × (four indices of 8 bits, four signs of 7, scale of 4)
void iq2_xxs(Block block, float *out)
{
    const float d = half(block);
    for (int sub = 0; sub < 8; ++sub) {
        Block at = block + 2 + 8 * sub;
        const auto rest = number<std::uint32_t>(at + 4);
        for (int i = 0; i < 4; ++i, out += 8)
            put<8, 2>(iq2xxs[at[i]], twoBitLevels, halfStep(d, rest >> 28), evenSigns(rest >> 7 * i), out);
    }
}

/// half scale · 32 × (index of 9 bits, signs of 7) · 16 scales of 4
void iq2_xs(Block block, float *out)
{
    const float d = half(block);
    for (int i = 0; i < 32; ++i, out += 8) {
        const auto code = number<std::uint16_t>(block + 2 + 2 * i);
        const unsigned scale = block[66 + i / 4] >> (i % 4 / 2 * 4) & 15;
        put<8, 2>(iq2xs[code & 511], twoBitLevels, halfStep(d, scale), evenSigns(code >> 9), out);
    }
}

/// half scale · 32 low bytes of indices · 32 × 8 signs · 32 × 2 high bits · 16 scales of 4
void iq2_s(Block block, float *out)
{
    const float d = half(block);
    for (int i = 0; i < 32; ++i, out += 8) {
        const unsigned high = block[66 + i / 4] >> (i % 4 * 2) & 3;
        const unsigned scale = block[74 + i / 4] >> (i % 4 / 2 * 4) & 15;
        put<8, 2>(iq2s[block[2 + i] | high << 8], twoBitLevels, halfStep(d, scale), block[34 + i], out);
    }
}

/// half scale · 64 indices of 8 bits · 8 × (four signs of 7, scale of 4)
void iq3_xxs(Block block, float *out)
{
    const float d = half(block);
    for (int sub = 0; sub < 8; ++sub) {
        const auto rest = number<std::uint32_t>(block + 66 + 4 * sub);
        const float scale = d * (0.5F + static_cast<float>(rest >> 28)) * 0.5F;
        for (int i = 0; i < 4; ++i, out += 8) {
            const unsigned signs = evenSigns(rest >> 7 * i);
            Block indices = block + 2 + 8 * sub + 2 * i;
            put<4, 3>(iq3xxs[indices[0]], coarseLevels, scale, signs, out);
            put<4, 3>(iq3xxs[indices[1]], coarseLevels, scale, signs >> 4, out + 4);
        }
    }
}

/// half scale · 64 low bytes of indices · 64 high bits · 32 × 8 signs · 8 scales of 4
void iq3_s(Block block, float *out)
{
    const float d = half(block);
    for (int i = 0; i < 64; ++i, out += 4) {
        const unsigned high = block[66 + i / 8] >> (i % 8) & 1;
        const unsigned scale = block[106 + i / 16] >> (i % 16 / 8 * 4) & 15;
        const unsigned signs = block[74 + i / 2] >> (i % 2 * 4);
        put<4, 3>(iq3s[block[2 + i] | high << 8], oddLevels, d * static_cast<float>(1 + 2 * scale), signs, out);
    }
}

/// half scale · 32 low bytes of indices · 8 × (four times three high bits, scale of 3, shift)
void iq1_s(Block block, float *out)
{
    const float d = half(block);
    for (int i = 0; i < 32; ++i, out += 8) {
        const auto rest = number<std::uint16_t>(block + 34 + i / 4 * 2);
        const unsigned high = rest >> (3 * (i % 4)) & 7;
        putTernary(block[2 + i] | high << 8, d * static_cast<float>(2 * (rest >> 12 & 7) + 1), (rest & 0x8000) != 0, out);
    }
}

/// 32 low bytes of indices · 32 × (three high bits, shift) · 4 × (four scales of 3, a quarter of the half scale)
void iq1_m(Block block, float *out)
{
    const auto scales = [&](int i) { return unsigned{number<std::uint16_t>(block + 48 + 2 * i)}; };
    const unsigned whole = scales(0) >> 12 | (scales(1) >> 8 & 0xF0) | (scales(2) >> 4 & 0xF00) | (scales(3) & 0xF000);
    const float d = floatFromHalf(static_cast<std::uint16_t>(whole));
    for (int i = 0; i < 32; ++i, out += 8) {
        const unsigned high = block[32 + i / 2] >> (i % 2 * 4) & 15;
        const unsigned scale = scales(i / 8) >> (3 * (i % 8 / 2)) & 7;
        putTernary(block[i] | (high & 7) << 8, d * static_cast<float>(2 * scale + 1), (high & 8) != 0, out);
    }
}

} // namespace rekey::lattices
