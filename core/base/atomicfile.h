// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/mappedfile.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace rekey {

/// A file that is written beside its destination and takes its place when it is complete: nobody ever sees half of it,
/// and whatever goes wrong before commit() leaves nothing behind. Not thread-safe.
class AtomicFile
{
public:
    /// Throws Error when the destination is one of `inputs` (by device and inode, whatever their names), is no ordinary
    /// file, or cannot be written there.
    explicit AtomicFile(std::filesystem::path destination, const std::vector<std::filesystem::path> &inputs = {});
    ~AtomicFile();
    AtomicFile(AtomicFile &&other) noexcept;
    AtomicFile(const AtomicFile &) = delete;
    AtomicFile &operator=(const AtomicFile &) = delete;

    const std::filesystem::path &destination() const { return m_destination; }
    /// Where the bytes are until commit().
    const std::filesystem::path &temporary() const { return m_temporary; }
    std::uint64_t position() const { return m_position + m_buffer.size(); }

    /// Throws Error when the disk is full or the file cannot be written.
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// The bytes of another file, copied by the kernel where it can. Throws Error also when that file cannot be read.
    void write(const FileStretch &stretch);
    /// Goes on writing at another place; what is skipped reads as zeros.
    void seek(std::uint64_t position);
    /// Everything written so far reaches the file.
    void flush();
    /// Throws Error when fewer than `bytes` are free where the destination lies.
    void requireSpace(std::uint64_t bytes) const;
    /// Gives the file descriptor back before commit(), when many files are written together; nothing more can be written.
    void release();
    /// Puts the file in its place.
    void commit();

private:
    [[noreturn]] void fail(int code, std::string_view doing) const;
    void put(const std::byte *bytes, std::size_t count);

    std::filesystem::path m_destination;
    std::filesystem::path m_temporary;
    int m_descriptor = -1;
    std::uint64_t m_position = 0; ///< of the buffer's first byte
    std::vector<std::byte> m_buffer;
};

/// Puts all files in their places, or none: those already placed are removed again when one fails.
void commitTogether(std::vector<AtomicFile> &files);

} // namespace rekey
