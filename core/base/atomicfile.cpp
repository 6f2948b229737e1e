// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/atomicfile.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace rekey {

namespace {

constexpr std::size_t bufferBytes = 1 << 20;

std::string reasonOf(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT: return "there is no space left on the disk";
    case EACCES:
    case EPERM: return "writing there is not permitted";
    case EROFS: return "the disk is read-only";
    case ENOENT: return "its folder does not exist";
    case ENOTDIR: return "a part of its path is no folder";
    case ENAMETOOLONG: return "the name is too long";
    case EFBIG: return "the file would be larger than the disk allows";
    default: return std::strerror(code);
    }
}

std::filesystem::path folderOf(const std::filesystem::path &path)
{
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// Umask can only be read by setting it, which no thread-safe function may do: ask the file system for a new file's mode
/// as the shell would make it.
mode_t usualMode(int descriptor, const std::filesystem::path &destination)
{
    struct stat status;
    if (stat(destination.c_str(), &status) == 0)
        return status.st_mode & 0777;
    return fstat(descriptor, &status) == 0 ? status.st_mode & 0777 : 0600;
}

} // namespace

AtomicFile::AtomicFile(std::filesystem::path destination, const std::vector<std::filesystem::path> &inputs)
    : m_destination(std::move(destination))
{
    const std::string name = displayText(m_destination.filename().native());
    if (m_destination.filename().empty())
        throw Error(displayText(m_destination.native()), {}, "this is no name of a file to write");
    struct stat status;
    if (stat(m_destination.c_str(), &status) == 0) {
        if (!S_ISREG(status.st_mode))
            throw Error(name, {},
                        S_ISDIR(status.st_mode) ? "there is a folder of this name"
                                                : "there is something of this name that is no ordinary file");
        for (const auto &input : inputs) {
            struct stat other;
            if (stat(input.c_str(), &other) == 0 && other.st_dev == status.st_dev && other.st_ino == status.st_ino)
                throw Error(name, {}, fmt::format("this is the input {} itself, which is never overwritten; choose another name",
                                                  displayText(input.filename().native())));
        }
    }
    // Unique by the process and a counter; O_EXCL makes sure.
    static std::atomic<unsigned> counter = 0;
    for (int attempt = 0; attempt < 100 && m_descriptor < 0; ++attempt) {
        std::string file = m_destination.filename().native().substr(0, 200);
        m_temporary = folderOf(m_destination) / fmt::format(".{}.{}-{}.part", file, getpid(), counter++);
        m_descriptor = ::open(m_temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (m_descriptor < 0 && errno != EEXIST)
            fail(errno, "cannot be written");
    }
    if (m_descriptor < 0)
        fail(EEXIST, "cannot be written");
    fchmod(m_descriptor, usualMode(m_descriptor, m_destination));
    m_buffer.reserve(bufferBytes);
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : m_destination(std::move(other.m_destination))
    , m_temporary(std::move(other.m_temporary))
    , m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_position(other.m_position)
    , m_buffer(std::move(other.m_buffer))
{
    other.m_temporary.clear();
}

AtomicFile::~AtomicFile()
{
    if (m_descriptor >= 0)
        close(m_descriptor);
    if (!m_temporary.empty())
        unlink(m_temporary.c_str());
}

void AtomicFile::fail(int code, std::string_view doing) const
{
    throw Error(displayText(m_destination.filename().native()), {}, fmt::format("{}: {}", doing, reasonOf(code)));
}

void AtomicFile::put(const std::byte *bytes, std::size_t count)
{
    while (count > 0) {
        const ssize_t written = pwrite(m_descriptor, bytes, count, static_cast<off_t>(m_position));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            fail(written < 0 ? errno : ENOSPC, "cannot be written");
        bytes += written;
        count -= static_cast<std::size_t>(written);
        m_position += static_cast<std::uint64_t>(written);
    }
}

void AtomicFile::write(std::span<const std::byte> bytes)
{
    if (m_buffer.size() + bytes.size() > bufferBytes)
        flush();
    if (bytes.size() >= bufferBytes)
        put(bytes.data(), bytes.size());
    else
        m_buffer.insert(m_buffer.end(), bytes.begin(), bytes.end());
}

void AtomicFile::write(std::string_view text)
{
    write(std::as_bytes(std::span(text)));
}

void AtomicFile::write(const FileStretch &stretch)
{
    std::uint64_t done = 0;
    if (stretch.count >= bufferBytes) { // less is gathered in the buffer: thousands of small tensors are not thousands of system calls
        flush();
        done = stretch.file->copyTo(m_descriptor, m_position, stretch.offset, stretch.count);
        m_position += done;
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uint64_t>(bufferBytes, stretch.count - done)));
    while (done < stretch.count) {
        const auto piece = std::span(bytes).first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), stretch.count - done)));
        stretch.file->read(stretch.offset + done, piece);
        write(piece);
        done += piece.size();
    }
}

void AtomicFile::seek(std::uint64_t position)
{
    if (position == this->position())
        return;
    flush();
    m_position = position;
}

void AtomicFile::flush()
{
    put(m_buffer.data(), m_buffer.size());
    m_buffer.clear();
}

void AtomicFile::requireSpace(std::uint64_t bytes) const
{
    struct statvfs status;
    if (fstatvfs(m_descriptor, &status) != 0 || status.f_blocks == 0)
        return;
    const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
    if (bytes > free)
        throw Error(displayText(m_destination.filename().native()), {},
                    fmt::format("cannot be written: it takes {} bytes, {} are free on the disk", bytes, free));
}

void AtomicFile::release()
{
    if (m_descriptor < 0)
        return;
    flush();
    m_buffer = {};
    if (close(std::exchange(m_descriptor, -1)) != 0)
        fail(errno, "cannot be written");
}

void AtomicFile::commit()
{
    release();
    if (rename(m_temporary.c_str(), m_destination.c_str()) != 0)
        fail(errno, "cannot be put in its place");
    m_temporary.clear();
}

void commitTogether(std::vector<AtomicFile> &files)
{
    for (std::size_t i = 0; i < files.size(); ++i) {
        try {
            files[i].commit();
        } catch (...) {
            for (std::size_t k = 0; k < i; ++k)
                unlink(files[k].destination().c_str());
            throw;
        }
    }
}

} // namespace rekey
