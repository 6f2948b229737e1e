// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace rekey {

static_assert(std::endian::native == std::endian::little, "readers copy little-endian fields as they are");

/// A little-endian number at the start of `bytes`, which holds at least that many.
template <typename T>
T littleEndian(const std::byte *bytes)
{
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

inline std::string_view asText(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

/// Takes fields from a run of bytes, front to back. Every length is compared with what is left before it is used;
/// what runs past the end throws Error(file, part, …). Keeps views of its arguments.
class ByteReader
{
public:
    ByteReader(std::span<const std::byte> bytes, std::string_view file, std::string_view part)
        : m_bytes(bytes), m_file(file), m_part(part)
    {
    }

    std::size_t position() const { return m_position; }
    std::size_t left() const { return m_bytes.size() - m_position; }

    std::span<const std::byte> take(std::uint64_t count)
    {
        if (count > left())
            fail(fmt::format("ends early: a field of {} bytes at byte {} runs past the end, {} are left", count, m_position, left()));
        const auto taken = m_bytes.subspan(m_position, count);
        m_position += count;
        return taken;
    }

    template <typename T>
    T number()
    {
        return littleEndian<T>(take(sizeof(T)).data());
    }

    [[noreturn]] void fail(std::string reason) const { throw Error(std::string(m_file), std::string(m_part), std::move(reason)); }

private:
    std::span<const std::byte> m_bytes;
    std::string_view m_file;
    std::string_view m_part;
    std::size_t m_position = 0;
};

} // namespace rekey
