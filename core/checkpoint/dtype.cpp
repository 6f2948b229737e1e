// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/dtype.h"

#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/checkpoint/dequantise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace rekey {

namespace {

using Kind = DTypeKind;

/// In the order of the enum.
constexpr std::array<DTypeInfo, static_cast<std::size_t>(DType::Count)> table = {{
    {"F64", 1, 8, Kind::Float},
    {"F32", 1, 4, Kind::Float},
    {"F16", 1, 2, Kind::Float},
    {"BF16", 1, 2, Kind::Float},
    {"I64", 1, 8, Kind::Integer},
    {"I32", 1, 4, Kind::Integer},
    {"I16", 1, 2, Kind::Integer},
    {"I8", 1, 1, Kind::Integer},
    {"U64", 1, 8, Kind::Integer},
    {"U32", 1, 4, Kind::Integer},
    {"U16", 1, 2, Kind::Integer},
    {"U8", 1, 1, Kind::Integer},
    {"BOOL", 1, 1, Kind::Bool},
    {"C32", 1, 4, Kind::Complex},
    {"C64", 1, 8, Kind::Complex},
    {"C128", 1, 16, Kind::Complex},
    {"F8_E4M3", 1, 1, Kind::Float},
    {"F8_E5M2", 1, 1, Kind::Float},
    {"F8_E4M3FNUZ", 1, 1, Kind::Float},
    {"F8_E5M2FNUZ", 1, 1, Kind::Float},
    {"F8_E8M0", 1, 1, Kind::Float},
    {"F6_E2M3", 4, 3, Kind::Float},
    {"F6_E3M2", 4, 3, Kind::Float},
    {"F4", 2, 1, Kind::Float},
    {"F4_X2", 1, 1, Kind::Raw},
    {"QI8", 1, 1, Kind::Quantized},
    {"QU8", 1, 1, Kind::Quantized},
    {"QI32", 1, 4, Kind::Quantized},
    {"QU4X2", 2, 1, Kind::Quantized},
    {"QU2X4", 4, 1, Kind::Quantized},
    {"BITS8", 1, 1, Kind::Raw},
    {"BITS16", 1, 2, Kind::Raw},
    {"BITS1X8", 1, 1, Kind::Raw},
    {"BITS2X4", 1, 1, Kind::Raw},
    {"BITS4X2", 1, 1, Kind::Raw},
    {"Q4_0", 32, 18, Kind::Quantized},
    {"Q4_1", 32, 20, Kind::Quantized},
    {"Q5_0", 32, 22, Kind::Quantized},
    {"Q5_1", 32, 24, Kind::Quantized},
    {"Q8_0", 32, 34, Kind::Quantized},
    {"Q8_1", 32, 36, Kind::Quantized},
    {"Q2_K", 256, 84, Kind::Quantized},
    {"Q3_K", 256, 110, Kind::Quantized},
    {"Q4_K", 256, 144, Kind::Quantized},
    {"Q5_K", 256, 176, Kind::Quantized},
    {"Q6_K", 256, 210, Kind::Quantized},
    {"Q8_K", 256, 292, Kind::Quantized},
    {"IQ2_XXS", 256, 66, Kind::Quantized},
    {"IQ2_XS", 256, 74, Kind::Quantized},
    {"IQ3_XXS", 256, 98, Kind::Quantized},
    {"IQ1_S", 256, 50, Kind::Quantized},
    {"IQ4_NL", 32, 18, Kind::Quantized},
    {"IQ3_S", 256, 110, Kind::Quantized},
    {"IQ2_S", 256, 82, Kind::Quantized},
    {"IQ4_XS", 256, 136, Kind::Quantized},
    {"IQ1_M", 256, 56, Kind::Quantized},
    {"TQ1_0", 256, 54, Kind::Quantized},
    {"TQ2_0", 256, 66, Kind::Quantized},
    {"MXFP4", 32, 17, Kind::Quantized},
    {"NVFP4", 64, 36, Kind::Quantized},
    {"Q1_0", 128, 18, Kind::Quantized},
    {"Q2_0", 64, 18, Kind::Quantized},
    {"OTHER", 1, 0, Kind::Raw},
}};

/// Sign, exponent and mantissa of a small float without special values, as a number.
float smallFloat(unsigned code, int exponentBits, int mantissaBits, int bias)
{
    const unsigned mantissa = code & ((1U << mantissaBits) - 1);
    const int exponent = static_cast<int>(code >> mantissaBits & ((1U << exponentBits) - 1));
    const bool negative = (code >> (mantissaBits + exponentBits) & 1) != 0;
    const float fraction = static_cast<float>(mantissa) / static_cast<float>(1U << mantissaBits);
    const float magnitude = exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
    return negative ? -magnitude : magnitude;
}

constexpr float notANumber = std::numeric_limits<float>::quiet_NaN();

float float8(DType dtype, unsigned code)
{
    switch (dtype) {
    case DType::F8E4M3: return (code & 0x7F) == 0x7F ? notANumber : smallFloat(code, 4, 3, 7);
    case DType::F8E5M2:
        if ((code & 0x7C) == 0x7C)
            return (code & 3) ? notANumber : std::copysign(std::numeric_limits<float>::infinity(), (code & 0x80) ? -1.0F : 1.0F);
        return smallFloat(code, 5, 2, 15);
    case DType::F8E4M3FNUZ: return code == 0x80 ? notANumber : smallFloat(code, 4, 3, 8);
    case DType::F8E5M2FNUZ: return code == 0x80 ? notANumber : smallFloat(code, 5, 2, 16);
    case DType::F8E8M0: return code == 0xFF ? notANumber : std::ldexp(1.0F, static_cast<int>(code) - 127);
    default: return notANumber;
    }
}

std::array<float, 256> float8Table(DType dtype)
{
    std::array<float, 256> values;
    for (unsigned code = 0; code < 256; ++code)
        values[code] = float8(dtype, code);
    return values;
}

template <typename In, typename Out>
void convert(std::span<const std::byte> bytes, std::span<Out> out)
{
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(littleEndian<In>(bytes.data() + i * sizeof(In)));
}

template <typename Out>
void convertHalf(std::span<const std::byte> bytes, std::span<Out> out)
{
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(floatFromHalf(littleEndian<std::uint16_t>(bytes.data() + 2 * i)));
}

template <typename Out>
void convertBfloat(std::span<const std::byte> bytes, std::span<Out> out)
{
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(std::bit_cast<float>(std::uint32_t{littleEndian<std::uint16_t>(bytes.data() + 2 * i)} << 16));
}

template <typename Out>
void convertFloat8(DType dtype, std::span<const std::byte> bytes, std::span<Out> out)
{
    static const std::array tables = {float8Table(DType::F8E4M3), float8Table(DType::F8E5M2), float8Table(DType::F8E4M3FNUZ),
                                      float8Table(DType::F8E5M2FNUZ), float8Table(DType::F8E8M0)};
    const auto &values = tables[static_cast<std::size_t>(dtype) - static_cast<std::size_t>(DType::F8E4M3)];
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(values[std::to_integer<std::uint8_t>(bytes[i])]);
}

/// Values of `bits` bits each, packed from the lowest bit of the first byte on.
template <typename Out, typename Value>
void convertPacked(unsigned bits, std::span<const std::byte> bytes, std::span<Out> out, Value value)
{
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t bit = i * bits;
        unsigned code = std::to_integer<unsigned>(bytes[bit / 8]) >> bit % 8;
        if (bit % 8 + bits > 8)
            code |= std::to_integer<unsigned>(bytes[bit / 8 + 1]) << (8 - bit % 8);
        out[i] = static_cast<Out>(value(code & ((1U << bits) - 1)));
    }
}

template <typename Part, typename Out>
void convertComplex(std::span<const std::byte> bytes, std::span<Out> out)
{
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(std::hypot(littleEndian<Part>(bytes.data() + 2 * i * sizeof(Part)),
                                             littleEndian<Part>(bytes.data() + (2 * i + 1) * sizeof(Part))));
}

template <typename Out>
void convertComplexHalf(std::span<const std::byte> bytes, std::span<Out> out)
{
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<Out>(std::hypot(floatFromHalf(littleEndian<std::uint16_t>(bytes.data() + 4 * i)),
                                             floatFromHalf(littleEndian<std::uint16_t>(bytes.data() + 4 * i + 2))));
}

void dequantiseBlocks(DType dtype, std::span<const std::byte> bytes, std::span<float> out)
{
    dequantise(dtype, bytes, out);
}

void dequantiseBlocks(DType dtype, std::span<const std::byte> bytes, std::span<double> out)
{
    const std::size_t block = info(dtype).blockElements;
    const std::size_t blockBytes = info(dtype).blockBytes;
    std::array<float, 256> values;
    for (std::size_t i = 0; i < out.size() / block; ++i) {
        dequantise(dtype, bytes.subspan(i * blockBytes, blockBytes), std::span(values).first(block));
        std::copy_n(values.begin(), block, out.begin() + static_cast<std::ptrdiff_t>(i * block));
    }
}

template <typename Out>
void decodeAs(DType dtype, std::span<const std::byte> bytes, std::span<Out> out)
{
    if (byteCount(dtype, out.size()) != bytes.size())
        throw Error({}, {}, fmt::format("{} values of {} do not take {} bytes", out.size(), name(dtype), bytes.size()));
    switch (dtype) {
    case DType::F64: return convert<double>(bytes, out);
    case DType::F32: return convert<float>(bytes, out);
    case DType::F16: return convertHalf(bytes, out);
    case DType::BF16: return convertBfloat(bytes, out);
    case DType::I64: return convert<std::int64_t>(bytes, out);
    case DType::I32:
    case DType::QI32: return convert<std::int32_t>(bytes, out);
    case DType::I16: return convert<std::int16_t>(bytes, out);
    case DType::I8:
    case DType::QI8: return convert<std::int8_t>(bytes, out);
    case DType::U64: return convert<std::uint64_t>(bytes, out);
    case DType::U32: return convert<std::uint32_t>(bytes, out);
    case DType::U16:
    case DType::Bits16: return convert<std::uint16_t>(bytes, out);
    case DType::U8:
    case DType::QU8:
    case DType::Bits8:
    case DType::Bits1x8:
    case DType::Bits2x4:
    case DType::Bits4x2:
    case DType::F4x2: return convert<std::uint8_t>(bytes, out);
    case DType::Bool:
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = bytes[i] != std::byte{0} ? 1 : 0;
        return;
    case DType::C32: return convertComplexHalf(bytes, out);
    case DType::C64: return convertComplex<float>(bytes, out);
    case DType::C128: return convertComplex<double>(bytes, out);
    case DType::F8E4M3:
    case DType::F8E5M2:
    case DType::F8E4M3FNUZ:
    case DType::F8E5M2FNUZ:
    case DType::F8E8M0: return convertFloat8(dtype, bytes, out);
    case DType::F6E2M3: return convertPacked(6, bytes, out, [](unsigned code) { return smallFloat(code, 2, 3, 1); });
    case DType::F6E3M2: return convertPacked(6, bytes, out, [](unsigned code) { return smallFloat(code, 3, 2, 3); });
    case DType::F4: return convertPacked(4, bytes, out, [](unsigned code) { return smallFloat(code, 2, 1, 1); });
    case DType::QU4x2: return convertPacked(4, bytes, out, [](unsigned code) { return code; });
    case DType::QU2x4: return convertPacked(2, bytes, out, [](unsigned code) { return code; });
    default:
        if (!canDequantise(dtype))
            throw Error({}, {}, fmt::format("values of type {} cannot be decoded", name(dtype)));
        return dequantiseBlocks(dtype, bytes, out);
    }
}

} // namespace

const DTypeInfo &info(DType dtype)
{
    return table[static_cast<std::size_t>(dtype)];
}

std::optional<DType> dtypeFromName(std::string_view name)
{
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i].name == name)
            return static_cast<DType>(i);
    }
    return {};
}

std::optional<std::uint64_t> byteCount(DType dtype, std::uint64_t elements)
{
    const DTypeInfo &type = info(dtype);
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    const std::uint64_t blocks = elements / type.blockElements;
    if (elements > most || elements % type.blockElements != 0 || (type.blockBytes != 0 && blocks > most / type.blockBytes))
        return {};
    return blocks * type.blockBytes;
}

void decode(DType dtype, std::span<const std::byte> bytes, std::span<float> out)
{
    decodeAs(dtype, bytes, out);
}

void decode(DType dtype, std::span<const std::byte> bytes, std::span<double> out)
{
    decodeAs(dtype, bytes, out);
}

bool isDecodable(DType dtype)
{
    return dtype < DType::Q4_0 || canDequantise(dtype);
}

} // namespace rekey
