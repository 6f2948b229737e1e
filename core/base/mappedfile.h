// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace rekey {

/// An ordinary file, open for reading as long as the object lives. Two doors to its bytes: read() copies and needs no
/// address space; bytes() maps the whole file on first use. Thread-safe.
///
/// A mapped file that shrinks makes its lost pages fault (SIGBUS). The pages are then replaced by zeros, so that no
/// consumer of bytes() crashes, and checkIntact() tells.
class MappedFile
{
public:
    /// Throws Error for a missing or unreadable path and for whatever is no ordinary file (folder, pipe, device).
    static std::shared_ptr<const MappedFile> open(const std::filesystem::path &path);
    ~MappedFile();
    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;

    const std::filesystem::path &path() const { return m_path; }
    /// The file's name, safe to show.
    const std::string &name() const { return m_name; }
    /// At the time of opening, in bytes.
    std::uint64_t size() const { return m_size; }

    /// Copies bytes [offset, offset + out.size()); throws Error when the file has become shorter or cannot be read.
    void read(std::uint64_t offset, std::span<std::byte> out) const;
    std::span<const std::byte> bytes() const;

    /// Throws Error when a mapped page was lost, or the file's size or time of change differ from those at opening.
    void checkIntact() const;
    /// Whether both are one file (device and inode), under whatever names.
    bool isSame(const std::filesystem::path &other) const;

private:
    struct Mapping;
    MappedFile() = default;

    std::filesystem::path m_path;
    std::string m_name;
    int m_descriptor = -1;
    std::uint64_t m_size = 0;
    std::uint64_t m_device = 0;
    std::uint64_t m_inode = 0;
    std::int64_t m_changed = 0; ///< nanoseconds
    mutable std::once_flag m_once;
    mutable Mapping *m_mapping = nullptr;
    friend struct MappingTable;
};

} // namespace rekey
