// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/mappedfile.h"

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rekey {

/// Inflates one raw deflate record of a zip file, piece by piece. Throws Error(file, part, …) when the data are not valid
/// or give another length than declared.
class RecordInflater
{
public:
    RecordInflater(const MappedFile &file, std::uint64_t offset, std::uint64_t storedBytes, std::uint64_t bytes, std::string part);
    ~RecordInflater();
    RecordInflater(const RecordInflater &) = delete;
    RecordInflater &operator=(const RecordInflater &) = delete;

    std::uint64_t position() const { return m_position; }
    /// The next out.size() bytes, all of which must exist.
    void take(std::span<std::byte> out);
    void skip(std::uint64_t count);
    /// To be called after the last byte: the stream must end there, with nothing left over.
    void finish();

private:
    [[noreturn]] void fail(const std::string &reason) const;
    bool refill();

    const MappedFile &m_file;
    std::uint64_t m_offset;
    std::uint64_t m_left; ///< compressed bytes not yet read
    std::uint64_t m_bytes;
    std::string m_part;
    std::uint64_t m_position = 0;
    bool m_ended = false;
    std::vector<std::byte> m_buffer;
    z_stream m_stream{};
};

} // namespace rekey
