// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace rekey {

/// A file that is written beside its destination and takes its place when it is complete: nobody ever sees half of it,
/// and whatever goes wrong before commit() leaves nothing behind. Large files are written by a thread of their own while
/// the caller makes the next bytes, so an error may come some calls later. Not thread-safe.
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
    std::uint64_t position() const { return m_position; }

    /// Throws Error when the disk is full or the file cannot be written.
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// Goes on writing at another place, also one that was written already; what is skipped reads as zeros.
    void seek(std::uint64_t position) { m_position = position; }
    /// Everything written so far reaches the file.
    void flush();
    /// Throws Error when fewer than `bytes` are free where the destination lies.
    void requireSpace(std::uint64_t bytes) const;
    /// Gives the file descriptor back before commit(), when many files are written together; nothing more can be written.
    void release();
    /// Puts the file in its place.
    void commit();

private:
    class Queue;
    /// Bytes and where in the file they belong, in the order in which they were written.
    struct Batch
    {
        struct Segment { std::uint64_t position = 0; std::size_t bytes = 0; };
        std::vector<std::byte> bytes;
        std::vector<Segment> segments;
    };
    [[noreturn]] void fail(int code, std::string_view doing) const;
    /// 0, or the error's number.
    static int put(int descriptor, const Batch &batch);
    bool overwrite(std::span<const std::byte> bytes);
    void append(std::span<const std::byte> bytes);
    void handOver();

    std::filesystem::path m_destination;
    std::filesystem::path m_temporary;
    int m_descriptor = -1;
    std::uint64_t m_position = 0;
    Batch m_batch;                  ///< not yet on its way
    std::unique_ptr<Queue> m_queue; ///< from the first full batch on
};

/// Puts all files in their places, or none: those already placed are removed again when one fails.
void commitTogether(std::vector<AtomicFile> &files);

} // namespace rekey
