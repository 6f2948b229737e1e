// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/inflater.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

namespace rekey {

RecordInflater::RecordInflater(const MappedFile &file, std::uint64_t offset, std::uint64_t storedBytes, std::uint64_t bytes,
                               std::string part)
    : m_file(file)
    , m_offset(offset)
    , m_left(storedBytes)
    , m_bytes(bytes)
    , m_part(std::move(part))
    , m_buffer(static_cast<std::size_t>(std::clamp<std::uint64_t>(storedBytes, 1, 64 * 1024)))
{
    if (inflateInit2(&m_stream, -MAX_WBITS) != Z_OK)
        throw std::bad_alloc();
}

RecordInflater::~RecordInflater()
{
    inflateEnd(&m_stream);
}

void RecordInflater::fail(const std::string &reason) const
{
    throw Error(m_file.name(), m_part, reason);
}

bool RecordInflater::refill()
{
    if (m_left == 0)
        return false;
    const auto piece = std::span(m_buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(m_left, m_buffer.size())));
    m_file.read(m_offset, piece);
    m_offset += piece.size();
    m_left -= piece.size();
    m_stream.next_in = reinterpret_cast<Bytef *>(piece.data());
    m_stream.avail_in = static_cast<uInt>(piece.size());
    return true;
}

void RecordInflater::take(std::span<std::byte> out)
{
    while (!out.empty()) {
        if (m_ended || (m_stream.avail_in == 0 && !refill()))
            fail(fmt::format("inflates to {} bytes, {} were declared", m_position, m_bytes));
        const auto wanted = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
        m_stream.next_out = reinterpret_cast<Bytef *>(out.data());
        m_stream.avail_out = wanted;
        const int result = inflate(&m_stream, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            fail(fmt::format("is not valid deflate data, after {} bytes", m_position));
        m_ended = result == Z_STREAM_END;
        const std::size_t made = wanted - m_stream.avail_out;
        m_position += made;
        out = out.subspan(made);
    }
}

void RecordInflater::skip(std::uint64_t count)
{
    std::array<std::byte, 16 * 1024> dropped;
    while (count > 0) {
        const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, dropped.size()));
        take(std::span(dropped).first(piece));
        count -= piece;
    }
}

void RecordInflater::finish()
{
    std::byte more;
    while (!m_ended) {
        if (m_stream.avail_in == 0 && !refill())
            fail("its deflate data have no end");
        m_stream.next_out = reinterpret_cast<Bytef *>(&more);
        m_stream.avail_out = 1;
        const int result = inflate(&m_stream, Z_NO_FLUSH);
        if (m_stream.avail_out == 0)
            fail(fmt::format("inflates to more than the {} bytes declared", m_bytes));
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            fail(fmt::format("is not valid deflate data, after {} bytes", m_position));
        m_ended = result == Z_STREAM_END;
    }
    if (m_stream.avail_in != 0 || m_left != 0)
        fail(fmt::format("{} bytes after its deflate data", m_stream.avail_in + m_left));
}

} // namespace rekey
