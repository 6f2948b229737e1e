// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/crc32.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rekey {

namespace {

constexpr std::uint32_t polynomial = 0xEDB88320;

/// tables[k][b]: what byte b contributes when k more bytes follow.
constexpr std::array<std::array<std::uint32_t, 256>, 8> makeTables()
{
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = value & 1 ? value >> 1 ^ polynomial : value >> 1;
        tables[0][byte] = value;
    }
    for (std::size_t k = 1; k < 8; ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte)
            tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 0xFF];
    }
    return tables;
}
constexpr auto tables = makeTables();

std::uint32_t byTable(std::uint32_t crc, const std::byte *bytes, std::size_t count)
{
    for (; count >= 8; count -= 8, bytes += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, bytes, 8);
        eight ^= crc;
        crc = 0;
        for (std::size_t k = 0; k < 8; ++k)
            crc ^= tables[7 - k][eight >> (8 * k) & 0xFF];
    }
    for (; count > 0; --count, ++bytes)
        crc = crc >> 8 ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*bytes)) & 0xFF];
    return crc;
}

#if defined(__x86_64__)

/// Folds 64 bytes at a time (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel 2009);
/// the folded 16 bytes that remain have the same CRC as everything before them. `count` is at least 64.
__attribute__((target("pclmul,sse4.1"))) std::uint32_t byFolding(std::uint32_t crc, const std::byte *bytes, std::size_t count)
{
    // x^(4*128+32), x^(4*128-32), x^(128+32), x^(128-32) modulo the polynomial, bit-reflected
    const __m128i by4 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i by1 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const auto load = [&](std::size_t at) { return _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + at)); };
    const auto fold = [](__m128i value, __m128i by, __m128i next) __attribute__((target("pclmul,sse4.1"))) {
        return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(value, by, 0x00), _mm_clmulepi64_si128(value, by, 0x11)), next);
    };
    __m128i a = _mm_xor_si128(load(0), _mm_cvtsi32_si128(static_cast<int>(crc)));
    __m128i b = load(16);
    __m128i c = load(32);
    __m128i d = load(48);
    for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
        a = fold(a, by4, load(0));
        b = fold(b, by4, load(16));
        c = fold(c, by4, load(32));
        d = fold(d, by4, load(48));
    }
    a = fold(fold(fold(a, by1, b), by1, c), by1, d);
    for (; count >= 16; bytes += 16, count -= 16)
        a = fold(a, by1, load(0));
    std::array<std::byte, 16> rest;
    _mm_storeu_si128(reinterpret_cast<__m128i *>(rest.data()), a);
    return byTable(byTable(0, rest.data(), rest.size()), bytes, count);
}

#endif

} // namespace

std::uint32_t crc32(std::uint32_t before, std::span<const std::byte> bytes)
{
#if defined(__x86_64__)
    static const bool folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
    if (folds && bytes.size() >= 64)
        return ~byFolding(~before, bytes.data(), bytes.size());
#endif
    return ~byTable(~before, bytes.data(), bytes.size());
}

} // namespace rekey
