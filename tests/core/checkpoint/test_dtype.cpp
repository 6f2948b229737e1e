// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/dequantise.h"
#include "core/checkpoint/dtype.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

using namespace rekey;

namespace {

template <typename T>
std::vector<std::byte> bytesOf(std::initializer_list<T> values)
{
    std::vector<std::byte> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), std::data(values), bytes.size());
    return bytes;
}

template <typename Out = float>
std::vector<Out> decoded(DType dtype, const std::vector<std::byte> &bytes, std::size_t count)
{
    std::vector<Out> values(count);
    decode(dtype, bytes, std::span(values));
    return values;
}

/// Sign, exponent and mantissa spelled out, to compare with.
double naiveFloat(unsigned code, int exponentBits, int mantissaBits)
{
    const int bias = (1 << (exponentBits - 1)) - 1;
    const unsigned mantissa = code & ((1U << mantissaBits) - 1);
    const int exponent = static_cast<int>(code >> mantissaBits) & ((1 << exponentBits) - 1);
    const double sign = code >> (exponentBits + mantissaBits) & 1 ? -1 : 1;
    if (exponent == (1 << exponentBits) - 1)
        return mantissa == 0 ? sign * INFINITY : NAN;
    if (exponent == 0)
        return sign * std::ldexp(mantissa, 1 - bias - mantissaBits);
    return sign * std::ldexp(mantissa + (1U << mantissaBits), exponent - bias - mantissaBits);
}

} // namespace

TEST(DType, TableIsInTheOrderOfTheEnum)
{
    EXPECT_EQ(name(DType::F64), "F64");
    EXPECT_EQ(name(DType::F4), "F4");
    EXPECT_EQ(name(DType::QI8), "QI8");
    EXPECT_EQ(name(DType::Q4_0), "Q4_0");
    EXPECT_EQ(name(DType::Q2_0), "Q2_0");
    EXPECT_EQ(name(DType::Other), "OTHER");
    for (std::size_t i = 0; i < static_cast<std::size_t>(DType::Count); ++i) {
        const auto dtype = static_cast<DType>(i);
        EXPECT_EQ(dtypeFromName(name(dtype)), dtype) << name(dtype);
    }
    EXPECT_FALSE(dtypeFromName("F128"));
}

TEST(DType, CountsBytesWithoutOverflow)
{
    EXPECT_EQ(byteCount(DType::F32, 3), 12U);
    EXPECT_EQ(byteCount(DType::F4, 6), 3U);
    EXPECT_FALSE(byteCount(DType::F4, 3));
    EXPECT_EQ(byteCount(DType::Q4_0, 64), 36U);
    EXPECT_FALSE(byteCount(DType::Q4_0, 40));
    EXPECT_FALSE(byteCount(DType::F64, std::uint64_t{1} << 60));
    EXPECT_FALSE(byteCount(DType::I8, std::uint64_t{1} << 63));
}

TEST(Decode, HalvesAreIeeeBinary16)
{
    for (unsigned code = 0; code < 0x10000; ++code) {
        const double expected = naiveFloat(code, 5, 10);
        const double value = floatFromHalf(static_cast<std::uint16_t>(code));
        ASSERT_TRUE(std::isnan(expected) ? std::isnan(value) : value == expected && std::signbit(value) == std::signbit(expected)) << code;
    }
}

TEST(Decode, Bfloat16IsTheUpperHalfOfAFloat)
{
    for (unsigned code = 0; code < 0x10000; ++code) {
        const double expected = naiveFloat(code, 8, 7);
        const double value = decoded(DType::BF16, bytesOf<std::uint16_t>({static_cast<std::uint16_t>(code)}), 1)[0];
        ASSERT_TRUE(std::isnan(expected) ? std::isnan(value) : value == expected) << code;
    }
}

TEST(Decode, EightBitFloats)
{
    const auto one = [](DType dtype, unsigned code) { return decoded(dtype, {std::byte(code)}, 1)[0]; };
    EXPECT_EQ(one(DType::F8E4M3, 0x7E), 448);
    EXPECT_TRUE(std::isnan(one(DType::F8E4M3, 0x7F)));
    EXPECT_TRUE(std::isnan(one(DType::F8E4M3, 0xFF)));
    EXPECT_EQ(one(DType::F8E4M3, 0x38), 1);
    EXPECT_EQ(one(DType::F8E4M3, 0x01), 0x1p-9F);
    EXPECT_EQ(one(DType::F8E5M2, 0x7B), 57344);
    EXPECT_EQ(one(DType::F8E5M2, 0xFC), -std::numeric_limits<float>::infinity());
    EXPECT_TRUE(std::isnan(one(DType::F8E5M2, 0x7D)));
    EXPECT_EQ(one(DType::F8E4M3FNUZ, 0x7F), 240);
    EXPECT_TRUE(std::isnan(one(DType::F8E4M3FNUZ, 0x80)));
    EXPECT_EQ(one(DType::F8E5M2FNUZ, 0x7F), 57344);
    EXPECT_TRUE(std::isnan(one(DType::F8E5M2FNUZ, 0x80)));
    EXPECT_EQ(one(DType::F8E8M0, 127), 1);
    EXPECT_EQ(one(DType::F8E8M0, 0), 0x1p-127F);
    EXPECT_TRUE(std::isnan(one(DType::F8E8M0, 0xFF)));
    for (unsigned code = 0; code < 256; ++code) {
        const double expected = naiveFloat(code, 5, 2);
        EXPECT_TRUE(std::isnan(expected) || one(DType::F8E5M2, code) == expected) << code;
    }
}

TEST(Decode, PackedFloats)
{
    const std::vector<float> expected = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6, -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6};
    EXPECT_EQ(decoded(DType::F4, {std::byte{0x10}, std::byte{0x32}, std::byte{0x54}, std::byte{0x76}, std::byte{0x98}, std::byte{0xBA},
                                  std::byte{0xDC}, std::byte{0xFE}}, 16), expected);
    // Four codes of six bits, the first in the lowest bits: 0x08 (1.0), 0x1F (7.5), 0x28 (-1.0), 0x01 (0.125) of E2M3.
    const unsigned packed = 0x08 | 0x1F << 6 | 0x28 << 12 | 0x01 << 18;
    const std::vector<std::byte> bytes = {std::byte(packed), std::byte(packed >> 8), std::byte(packed >> 16)};
    EXPECT_EQ(decoded(DType::F6E2M3, bytes, 4), (std::vector<float>{1, 7.5F, -1, 0.125F}));
    const unsigned wide = 0x0C | 0x1F << 6 | 0x2C << 12 | 0x01 << 18; // E3M2: 1, 28, -1, 1/16
    EXPECT_EQ(decoded(DType::F6E3M2, {std::byte(wide), std::byte(wide >> 8), std::byte(wide >> 16)}, 4),
              (std::vector<float> {1, 28, -1, 0.0625F}));
}

TEST(Decode, IntegersBoolAndComplex)
{
    EXPECT_EQ(decoded<double>(DType::I64, bytesOf<std::int64_t>({-3, std::int64_t{1} << 53}), 2), (std::vector<double>{-3, 0x1p53}));
    EXPECT_EQ(decoded<double>(DType::I32, bytesOf<std::int32_t>({INT32_MIN, INT32_MAX}), 2), (std::vector<double>{-0x1p31, 0x1p31 - 1}));
    EXPECT_EQ(decoded(DType::I8, bytesOf<std::int8_t>({-128, 127}), 2), (std::vector<float>{-128, 127}));
    EXPECT_EQ(decoded(DType::U16, bytesOf<std::uint16_t>({65535}), 1), (std::vector<float>{65535}));
    EXPECT_EQ(decoded(DType::Bool, bytesOf<std::uint8_t>({0, 1, 7}), 3), (std::vector<float>{0, 1, 1}));
    EXPECT_EQ(decoded(DType::C64, bytesOf<float>({3, -4}), 1), (std::vector<float>{5}));
    EXPECT_EQ(decoded<double>(DType::C128, bytesOf<double>({-5, 12}), 1), (std::vector<double>{13}));
    EXPECT_THROW(decoded(DType::Other, {}, 0), Error);
    EXPECT_THROW(decoded(DType::F32, {std::byte{0}}, 1), Error);
}

namespace {

/// Loops as a reader of ggml's source would write them: pointers that move on, one sub-block after the other. Ours
/// computes every index from the position instead.
struct Sequential
{
    const std::uint8_t *x;
    std::vector<float> y;

    float half(int at) const
    {
        std::uint16_t code;
        std::memcpy(&code, x + at, 2);
        return static_cast<float>(naiveFloat(code, 5, 10));
    }
    static void scaleMin(int j, const std::uint8_t *q, float &d, float &m)
    {
        if (j < 4) {
            d = static_cast<float>(q[j] & 63);
            m = static_cast<float>(q[j + 4] & 63);
        } else {
            d = static_cast<float>((q[j + 4] & 0xF) | ((q[j - 4] >> 6) << 4));
            m = static_cast<float>((q[j + 4] >> 4) | ((q[j] >> 6) << 4));
        }
    }
    void q2_k()
    {
        const float d = half(80), min = half(82);
        const std::uint8_t *q = x + 16;
        int is = 0;
        for (int n = 0; n < 256; n += 128, q += 32) {
            for (int shift = 0; shift < 8; shift += 2) {
                for (int part = 0; part < 32; part += 16) {
                    const std::uint8_t sc = x[is++];
                    for (int l = 0; l < 16; ++l)
                        y.push_back(d * static_cast<float>(sc & 0xF) * static_cast<float>((q[l + part] >> shift) & 3)
                                    - min * static_cast<float>(sc >> 4));
                }
            }
        }
    }
    void q3_k()
    {
        std::array<std::uint32_t, 4> aux{};
        std::memcpy(aux.data(), x + 96, 12);
        const std::uint32_t tmp = aux[2];
        aux[2] = ((aux[0] >> 4) & 0x0f0f0f0f) | (((tmp >> 4) & 0x03030303) << 4);
        aux[3] = ((aux[1] >> 4) & 0x0f0f0f0f) | (((tmp >> 6) & 0x03030303) << 4);
        aux[0] = (aux[0] & 0x0f0f0f0f) | (((tmp >> 0) & 0x03030303) << 4);
        aux[1] = (aux[1] & 0x0f0f0f0f) | (((tmp >> 2) & 0x03030303) << 4);
        std::array<std::int8_t, 16> scales;
        std::memcpy(scales.data(), aux.data(), 16);
        const std::uint8_t *q = x + 32;
        std::size_t is = 0;
        unsigned m = 1;
        for (int n = 0; n < 256; n += 128, q += 32) {
            for (int shift = 0; shift < 8; shift += 2, m <<= 1) {
                for (int part = 0; part < 32; part += 16) {
                    const float dl = half(108) * static_cast<float>(scales[is++] - 32);
                    for (int l = part; l < part + 16; ++l)
                        y.push_back(dl * static_cast<float>(((q[l] >> shift) & 3) - ((x[l] & m) ? 0 : 4)));
                }
            }
        }
    }
    void q4_k()
    {
        const std::uint8_t *q = x + 16;
        for (int is = 0; is < 8; is += 2, q += 32) {
            for (int part = 0; part < 2; ++part) {
                float sc, m;
                scaleMin(is + part, x + 4, sc, m);
                for (int l = 0; l < 32; ++l)
                    y.push_back(half(0) * sc * static_cast<float>(part ? q[l] >> 4 : q[l] & 0xF) - half(2) * m);
            }
        }
    }
    void q5_k()
    {
        const std::uint8_t *q = x + 48;
        unsigned u = 1;
        for (int is = 0; is < 8; is += 2, q += 32) {
            for (int part = 0; part < 2; ++part, u <<= 1) {
                float sc, m;
                scaleMin(is + part, x + 4, sc, m);
                for (int l = 0; l < 32; ++l)
                    y.push_back(half(0) * sc * static_cast<float>((part ? q[l] >> 4 : q[l] & 0xF) + (x[16 + l] & u ? 16 : 0))
                                - half(2) * m);
            }
        }
    }
    void q6_k()
    {
        y.resize(256);
        const std::uint8_t *ql = x, *qh = x + 128;
        const auto *sc = reinterpret_cast<const std::int8_t *>(x + 192);
        for (std::size_t n = 0; n < 256; n += 128, ql += 64, qh += 32, sc += 8) {
            for (std::size_t l = 0; l < 32; ++l) {
                const std::size_t is = l / 16;
                const auto put = [&](std::size_t at, int low, int shift, std::size_t scale) {
                    y[n + l + at]
                        = half(208) * static_cast<float>(sc[is + scale]) * static_cast<float>((low | ((qh[l] >> shift & 3) << 4)) - 32);
                };
                put(0, ql[l] & 0xF, 0, 0);
                put(32, ql[l + 32] & 0xF, 2, 2);
                put(64, ql[l] >> 4, 4, 4);
                put(96, ql[l + 32] >> 4, 6, 6);
            }
        }
    }
};

void compareWith(DType dtype, void (Sequential::*reference)())
{
    std::mt19937 random(7);
    std::vector<std::byte> block(info(dtype).blockBytes);
    for (int round = 0; round < 50; ++round) {
        for (std::byte &byte : block)
            byte = static_cast<std::byte>(random());
        Sequential expected{reinterpret_cast<const std::uint8_t *>(block.data()), {}};
        (expected.*reference)();
        const auto values = decoded(dtype, block, 256);
        for (std::size_t i = 0; i < 256; ++i) {
            const bool same = std::isnan(expected.y[i]) ? std::isnan(values[i])
                                                        : std::isinf(expected.y[i])
                                                              || std::abs(values[i] - expected.y[i])
                                                                     <= 1e-6F * std::abs(expected.y[i]) + 1e-6F * std::abs(values[i]);
            ASSERT_TRUE(same) << name(dtype) << " value " << i << ": " << values[i] << " instead of " << expected.y[i];
        }
    }
}

} // namespace

TEST(Dequantise, KQuantsAgreeWithSequentialLoops)
{
    compareWith(DType::Q2_K, &Sequential::q2_k);
    compareWith(DType::Q3_K, &Sequential::q3_k);
    compareWith(DType::Q4_K, &Sequential::q4_k);
    compareWith(DType::Q5_K, &Sequential::q5_k);
    compareWith(DType::Q6_K, &Sequential::q6_k);
}

TEST(Dequantise, SimpleBlocks)
{
    std::vector<std::byte> block(18);
    block[1] = std::byte{0x40};               // d = 2.0
    block[2] = std::byte{0xF0};               // first value 0, seventeenth 15
    const auto q4 = decoded(DType::Q4_0, block, 32);
    EXPECT_EQ(q4[0], -16);
    EXPECT_EQ(q4[16], 14);
    EXPECT_EQ(q4[1], -16);
    EXPECT_EQ(decoded(DType::IQ4_NL, block, 32)[16], 2 * 113);
    std::vector<std::byte> q8(34);
    q8[1] = std::byte{0x40};
    q8[33] = std::byte{0x81};
    EXPECT_EQ(decoded(DType::Q8_0, q8, 32)[31], -254);
    std::vector<std::byte> ternary(66, std::byte{0});
    ternary[65] = std::byte{0x40};
    ternary[0] = std::byte{0b10'01'00'10};
    const auto tq2 = decoded(DType::TQ2_0, ternary, 256);
    EXPECT_EQ(tq2[0], 2);
    EXPECT_EQ(tq2[32], -2);
    EXPECT_EQ(tq2[64], 0);
    EXPECT_EQ(tq2[96], 2);
    std::vector<std::byte> mx(17);
    mx[0] = std::byte{128}; // 2
    mx[1] = std::byte{0xF7};
    EXPECT_EQ(decoded(DType::MXFP4, mx, 32)[0], 12);
    EXPECT_EQ(decoded(DType::MXFP4, mx, 32)[16], -12);
}

/// Four blocks of pseudo-random bytes each, and what ggml's own decoders make of them: the sum of magnitudes, and a sum with
/// weights that tells the order.
TEST(Dequantise, AgreesWithGgml)
{
    struct Golden
    {
        DType dtype;
        double magnitude;
        double ordered;
    };
    constexpr auto golden = std::to_array<Golden>({
        {DType::Q4_1, 11445110.8, -146005402},
        {DType::Q5_0, 120418.353, 6225.55377},
        {DType::Q5_1, 454133.909, -598677.688},
        {DType::Q8_K, 3.70492993e+40, -1.16221522e+41},
        {DType::Q8_0, 1226736.28, 1046404.76},
        {DType::Q4_0, 51471.0345, 3192.0224},
        {DType::IQ2_XXS, 5602842.32, 5590235.24},
        {DType::IQ2_XS, 4086071.96, 2781330.24},
        {DType::IQ2_S, 4584102.45, -4427803.23},
        {DType::IQ3_XXS, 2.00026538e+09, -1.60161713e+09},
        {DType::IQ3_S, 10973873.9, -26346370.6},
        {DType::IQ1_S, 27130214.7, -40973913.5},
        {DType::IQ1_M, 67140229.9, 71167928.9},
        {DType::NVFP4, 56403.2891, 151625.295},
        {DType::Q1_0, 51072.0316, 18354.0085},
        {DType::Q2_0, 26334.015, 213863.996},
        {DType::MXFP4, 3.986097e-07, -7.30150617e-07},
        {DType::TQ1_0, 8876648.51, -9514008.6},
        {DType::TQ2_0, 4713709.67, 12192021.7},
        {DType::IQ4_NL, 711417.483, 143640.164},
        {DType::IQ4_XS, 1.07817241e+09, 3.29500196e+09},
    });
    for (const Golden &expected : golden) {
        std::vector<std::byte> blocks(4 * info(expected.dtype).blockBytes);
        std::uint32_t state = 1;
        for (std::byte &byte : blocks) {
            state = state * 1664525 + 1013904223;
            byte = static_cast<std::byte>(state >> 24);
        }
        double magnitude = 0;
        double ordered = 0;
        const auto values = decoded(expected.dtype, blocks, 4 * info(expected.dtype).blockElements);
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (!std::isfinite(values[i]))
                continue;
            magnitude += std::abs(double{values[i]});
            ordered += double{values[i]} * static_cast<double>(i % 31 + 1);
        }
        EXPECT_NEAR(magnitude, expected.magnitude, 1e-6 * expected.magnitude) << name(expected.dtype);
        EXPECT_NEAR(ordered, expected.ordered, 1e-5 * expected.magnitude) << name(expected.dtype);
    }
}

TEST(Dequantise, EveryBlockTypeIsDecoded)
{
    for (auto dtype = static_cast<unsigned>(DType::Q4_0); dtype < static_cast<unsigned>(DType::Other); ++dtype)
        EXPECT_TRUE(isDecodable(static_cast<DType>(dtype))) << name(static_cast<DType>(dtype));
}

TEST(Dequantise, DoublesAgreeWithFloats)
{
    std::vector<std::byte> blocks(3 * 144, std::byte{0x35});
    const auto floats = decoded(DType::Q4_K, blocks, 3 * 256);
    const auto doubles = decoded<double>(DType::Q4_K, blocks, 3 * 256);
    for (std::size_t i = 0; i < floats.size(); ++i)
        ASSERT_EQ(doubles[i], floats[i]);
}
