// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/dequantise.h"

#include "core/base/bytereader.h"
#include "core/checkpoint/dequantiselattices.h"

#include <array>
#include <cmath>
#include <cstring>
#include <span>

namespace rekey {

namespace {

using Block = const std::uint8_t *; ///< one block's bytes
using Values = float *;             ///< one block's values

float half(Block at)
{
    return floatFromHalf(littleEndian<std::uint16_t>(reinterpret_cast<const std::byte *>(at)));
}

float single(Block at)
{
    return littleEndian<float>(reinterpret_cast<const std::byte *>(at));
}

std::uint32_t word(Block at)
{
    return littleEndian<std::uint32_t>(reinterpret_cast<const std::byte *>(at));
}

int signedByte(std::uint8_t byte)
{
    return static_cast<std::int8_t>(byte);
}

// 32 values: scale d (half), for the odd types an offset m (half), low four bits in pairs (i, i + 16), fifth bits apart.

void q4_0(Block block, Values out)
{
    const float d = half(block);
    for (int i = 0; i < 16; ++i) {
        out[i] = static_cast<float>((block[2 + i] & 15) - 8) * d;
        out[i + 16] = static_cast<float>((block[2 + i] >> 4) - 8) * d;
    }
}

void q4_1(Block block, Values out)
{
    const float d = half(block);
    const float m = half(block + 2);
    for (int i = 0; i < 16; ++i) {
        out[i] = static_cast<float>(block[4 + i] & 15) * d + m;
        out[i + 16] = static_cast<float>(block[4 + i] >> 4) * d + m;
    }
}

void q5_0(Block block, Values out)
{
    const float d = half(block);
    const std::uint32_t fifth = word(block + 2);
    for (int i = 0; i < 16; ++i) {
        const int low = (block[6 + i] & 15) | static_cast<int>((fifth >> i & 1) << 4);
        const int high = (block[6 + i] >> 4) | static_cast<int>((fifth >> (i + 16) & 1) << 4);
        out[i] = static_cast<float>(low - 16) * d;
        out[i + 16] = static_cast<float>(high - 16) * d;
    }
}

void q5_1(Block block, Values out)
{
    const float d = half(block);
    const float m = half(block + 2);
    const std::uint32_t fifth = word(block + 4);
    for (int i = 0; i < 16; ++i) {
        const int low = (block[8 + i] & 15) | static_cast<int>((fifth >> i & 1) << 4);
        const int high = (block[8 + i] >> 4) | static_cast<int>((fifth >> (i + 16) & 1) << 4);
        out[i] = static_cast<float>(low) * d + m;
        out[i + 16] = static_cast<float>(high) * d + m;
    }
}

void q8_0(Block block, Values out)
{
    const float d = half(block);
    for (int i = 0; i < 32; ++i)
        out[i] = static_cast<float>(signedByte(block[2 + i])) * d;
}

void q8_1(Block block, Values out)
{
    const float d = half(block); // bytes 2 and 3: d times the sum of the values, only of use to dot products
    for (int i = 0; i < 32; ++i)
        out[i] = static_cast<float>(signedByte(block[4 + i])) * d;
}

// 256 values in sub-blocks of 16 or 32, each with a scale of its own, quantised in turn.

/// Scale and minimum of sub-block `index` of Q4_K and Q5_K: eight pairs of 6 bits in 12 bytes.
void scaleAndMinimum(Block packed, int index, int &scale, int &minimum)
{
    if (index < 4) {
        scale = packed[index] & 63;
        minimum = packed[index + 4] & 63;
    } else {
        scale = (packed[index + 4] & 15) | (packed[index - 4] >> 6) << 4;
        minimum = packed[index + 4] >> 4 | (packed[index] >> 6) << 4;
    }
}

void q2_k(Block block, Values out)
{
    Block scales = block;
    Block codes = block + 16;
    const float d = half(block + 80);
    const float m = half(block + 82);
    for (int i = 0; i < 256; ++i) {
        const int shift = i % 128 / 32 * 2;
        const int code = codes[i / 128 * 32 + i % 32] >> shift & 3;
        const std::uint8_t scale = scales[i / 16];
        out[i] = d * static_cast<float>(scale & 15) * static_cast<float>(code) - m * static_cast<float>(scale >> 4);
    }
}

void q3_k(Block block, Values out)
{
    Block high = block;
    Block codes = block + 32;
    Block packed = block + 96;
    const float d = half(block + 108);
    for (int i = 0; i < 256; ++i) {
        const int sub = i / 16;
        const int low4 = sub < 8 ? packed[sub] & 15 : packed[sub - 8] >> 4;
        const int high2 = packed[8 + sub % 4] >> (sub / 4 * 2) & 3;
        const int scale = (low4 | high2 << 4) - 32;
        const int low = codes[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
        const int code = low - ((high[i % 32] >> (i / 32) & 1) ? 0 : 4);
        out[i] = d * static_cast<float>(scale) * static_cast<float>(code);
    }
}

void q4_k(Block block, Values out)
{
    const float d = half(block);
    const float m = half(block + 2);
    Block codes = block + 16;
    for (int sub = 0; sub < 8; ++sub) {
        int scale = 0;
        int minimum = 0;
        scaleAndMinimum(block + 4, sub, scale, minimum);
        for (int i = 0; i < 32; ++i) {
            const int code = codes[sub / 2 * 32 + i] >> (sub % 2 * 4) & 15;
            out[sub * 32 + i] = d * static_cast<float>(scale) * static_cast<float>(code) - m * static_cast<float>(minimum);
        }
    }
}

void q5_k(Block block, Values out)
{
    const float d = half(block);
    const float m = half(block + 2);
    Block high = block + 16;
    Block codes = block + 48;
    for (int sub = 0; sub < 8; ++sub) {
        int scale = 0;
        int minimum = 0;
        scaleAndMinimum(block + 4, sub, scale, minimum);
        for (int i = 0; i < 32; ++i) {
            const int code = (codes[sub / 2 * 32 + i] >> (sub % 2 * 4) & 15) | (high[i] >> sub & 1) << 4;
            out[sub * 32 + i] = d * static_cast<float>(scale) * static_cast<float>(code) - m * static_cast<float>(minimum);
        }
    }
}

void q6_k(Block block, Values out)
{
    Block low = block;
    Block high = block + 128;
    Block scales = block + 192;
    const float d = half(block + 208);
    for (int i = 0; i < 256; ++i) {
        const int part = i / 128;   // halves of 128 values
        const int row = i % 128 / 32;
        const int column = i % 32;
        const int low4 = low[part * 64 + (row % 2) * 32 + column] >> (row / 2 * 4) & 15;
        const int high2 = high[part * 32 + column] >> (row * 2) & 3;
        const int code = (low4 | high2 << 4) - 32;
        out[i] = d * static_cast<float>(signedByte(scales[i / 16])) * static_cast<float>(code);
    }
}

void q8_k(Block block, Values out)
{
    const float d = single(block);
    for (int i = 0; i < 256; ++i)
        out[i] = d * static_cast<float>(signedByte(block[4 + i]));
}

/// The sixteen levels of the non-linear four-bit types.
constexpr std::array<float, 16> nonLinear = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

void iq4_nl(Block block, Values out)
{
    const float d = half(block);
    for (int i = 0; i < 16; ++i) {
        out[i] = d * nonLinear[block[2 + i] & 15];
        out[i + 16] = d * nonLinear[block[2 + i] >> 4];
    }
}

void iq4_xs(Block block, Values out)
{
    const float d = half(block);
    const unsigned high = block[2] | block[3] << 8;
    for (int sub = 0; sub < 8; ++sub) {
        const int low4 = block[4 + sub / 2] >> (sub % 2 * 4) & 15;
        const int scale = (low4 | static_cast<int>((high >> (2 * sub) & 3) << 4)) - 32;
        Block codes = block + 8 + sub * 16;
        for (int i = 0; i < 16; ++i) {
            out[sub * 32 + i] = d * static_cast<float>(scale) * nonLinear[codes[i] & 15];
            out[sub * 32 + i + 16] = d * static_cast<float>(scale) * nonLinear[codes[i] >> 4];
        }
    }
}

/// Ternary values, five to a byte: the byte times 3^n / 256 has the n-th digit as its upper part.
int ternaryDigit(std::uint8_t byte, int digit)
{
    constexpr std::array<unsigned, 5> powers = {1, 3, 9, 27, 81};
    const auto shifted = static_cast<std::uint8_t>(byte * powers[static_cast<std::size_t>(digit)]);
    return shifted * 3 >> 8;
}

void tq1_0(Block block, Values out)
{
    const float d = half(block + 52);
    const auto put = [&](int count, int digits, Block codes) {
        for (int digit = 0; digit < digits; ++digit) {
            for (int i = 0; i < count; ++i)
                *out++ = static_cast<float>(ternaryDigit(codes[i], digit) - 1) * d;
        }
    };
    put(32, 5, block);
    put(16, 5, block + 32);
    put(4, 4, block + 48);
}

void tq2_0(Block block, Values out)
{
    const float d = half(block + 64);
    for (int i = 0; i < 256; ++i) {
        const int code = block[i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
        out[i] = static_cast<float>(code - 1) * d;
    }
}

/// E2M1 values (OCP Microscaling Formats 1.0).
constexpr std::array<float, 16> fourBitFloats = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6, -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6};

void mxfp4(Block block, Values out)
{
    const float d = block[0] == 0xFF ? std::nanf("") : std::ldexp(1.0F, block[0] - 127);
    for (int i = 0; i < 16; ++i) {
        out[i] = d * fourBitFloats[block[1 + i] & 15];
        out[i + 16] = d * fourBitFloats[block[1 + i] >> 4];
    }
}

/// Four scales in unsigned E4M3, each for sixteen values.
void nvfp4(Block block, Values out)
{
    for (int sub = 0; sub < 4; ++sub) {
        const int exponent = block[sub] >> 3 & 15;
        const auto mantissa = static_cast<float>(block[sub] & 7);
        const bool zero = block[sub] == 0 || block[sub] == 0x7F;
        const float d = zero ? 0 : exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(1 + mantissa / 8, exponent - 7);
        for (int i = 0; i < 8; ++i) {
            out[sub * 16 + i] = d * fourBitFloats[block[4 + sub * 8 + i] & 15];
            out[sub * 16 + i + 8] = d * fourBitFloats[block[4 + sub * 8 + i] >> 4];
        }
    }
}

/// One bit: plus or minus the scale.
void q1_0(Block block, Values out)
{
    const float d = half(block);
    for (int i = 0; i < 128; ++i)
        out[i] = (block[2 + i / 8] >> (i % 8) & 1) != 0 ? d : -d;
}

/// Two bits: -1, 0, 1 or 2 times the scale.
void q2_0(Block block, Values out)
{
    const float d = half(block);
    for (int i = 0; i < 64; ++i)
        out[i] = static_cast<float>((block[2 + i / 4] >> (i % 4 * 2) & 3) - 1) * d;
}

using Dequantiser = void (*)(Block, Values);

Dequantiser dequantiser(DType dtype)
{
    switch (dtype) {
    case DType::Q4_0: return q4_0;
    case DType::Q4_1: return q4_1;
    case DType::Q5_0: return q5_0;
    case DType::Q5_1: return q5_1;
    case DType::Q8_0: return q8_0;
    case DType::Q8_1: return q8_1;
    case DType::Q2_K: return q2_k;
    case DType::Q3_K: return q3_k;
    case DType::Q4_K: return q4_k;
    case DType::Q5_K: return q5_k;
    case DType::Q6_K: return q6_k;
    case DType::Q8_K: return q8_k;
    case DType::IQ4_NL: return iq4_nl;
    case DType::IQ4_XS: return iq4_xs;
    case DType::TQ1_0: return tq1_0;
    case DType::TQ2_0: return tq2_0;
    case DType::MXFP4: return mxfp4;
    case DType::NVFP4: return nvfp4;
    case DType::Q1_0: return q1_0;
    case DType::Q2_0: return q2_0;
    case DType::IQ1_S: return lattices::iq1_s;
    case DType::IQ1_M: return lattices::iq1_m;
    case DType::IQ2_XXS: return lattices::iq2_xxs;
    case DType::IQ2_XS: return lattices::iq2_xs;
    case DType::IQ2_S: return lattices::iq2_s;
    case DType::IQ3_XXS: return lattices::iq3_xxs;
    case DType::IQ3_S: return lattices::iq3_s;
    default: return nullptr;
    }
}

} // namespace

bool canDequantise(DType dtype)
{
    return dequantiser(dtype) != nullptr;
}

void dequantise(DType dtype, std::span<const std::byte> bytes, std::span<float> out)
{
    const Dequantiser block = dequantiser(dtype);
    const DTypeInfo &type = info(dtype);
    auto at = reinterpret_cast<const std::uint8_t *>(bytes.data());
    for (std::size_t i = 0; i < out.size(); i += type.blockElements, at += type.blockBytes)
        block(at, out.data() + i);
}

} // namespace rekey
