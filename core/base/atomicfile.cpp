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
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace rekey {

namespace {

constexpr std::size_t batchBytes = 1 << 20;
constexpr std::size_t batchesUnderWay = 3;
/// Of one system call. A page cache in large folios takes a longer call's memory in one piece; on a virtual machine whose host takes free
/// memory back, just the large pieces have to be faulted in anew, and writing took up to six times as long.
constexpr std::uint64_t callBytes = 1 << 15;

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

/// The thread that writes, and what it still has to write.
class AtomicFile::Queue
{
public:
    explicit Queue(int descriptor)
        : m_descriptor(descriptor)
        , m_thread([this](const std::stop_token &stop) { run(stop); })
    {
    }

    /// Takes a batch and leaves an empty one in its place. 0, or the number of an error that an earlier batch met.
    int hand(Batch &batch)
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_waiting.size() < batchesUnderWay; });
        m_waiting.push_back(std::move(batch));
        batch = {};
        if (!m_spare.empty()) {
            batch = std::move(m_spare.back());
            m_spare.pop_back();
        }
        m_changed.notify_all();
        return m_error;
    }

    /// Until everything is written.
    int wait()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_waiting.empty(); });
        return m_error;
    }

private:
    void run(const std::stop_token &stop)
    {
        std::unique_lock lock(m_mutex);
        while (m_changed.wait(lock, stop, [this] { return !m_waiting.empty(); }) && !stop.stop_requested()) {
            Batch &batch = m_waiting.front(); // stays in its place while it is written, so that wait() waits for it
            const bool failed = m_error != 0;
            lock.unlock();
            const int error = failed ? 0 : put(m_descriptor, batch);
            batch.bytes.clear();
            batch.segments.clear();
            lock.lock();
            if (error != 0)
                m_error = error;
            m_spare.push_back(std::move(m_waiting.front()));
            m_waiting.pop_front();
            m_changed.notify_all();
        }
    }

    const int m_descriptor;
    std::mutex m_mutex;
    std::condition_variable_any m_changed;
    std::deque<Batch> m_waiting;
    std::vector<Batch> m_spare;
    int m_error = 0;
    std::jthread m_thread; ///< the last member: ends before the others go
};

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
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : m_destination(std::move(other.m_destination))
    , m_temporary(std::move(other.m_temporary))
    , m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_position(other.m_position)
    , m_batch(std::move(other.m_batch))
    , m_queue(std::move(other.m_queue))
{
    other.m_temporary.clear();
}

AtomicFile::~AtomicFile()
{
    m_queue.reset();
    if (m_descriptor >= 0)
        close(m_descriptor);
    if (!m_temporary.empty())
        unlink(m_temporary.c_str());
}

void AtomicFile::fail(int code, std::string_view doing) const
{
    throw Error(displayText(m_destination.filename().native()), {}, fmt::format("{}: {}", doing, reasonOf(code)));
}

int AtomicFile::put(int descriptor, const Batch &batch)
{
    const std::byte *from = batch.bytes.data();
    for (const auto &[position, bytes] : batch.segments) {
        for (std::size_t done = 0; done < bytes;) {
            const std::uint64_t at = position + done;
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes - done, callBytes - at % callBytes));
            const ssize_t written = pwrite(descriptor, from + done, count, static_cast<off_t>(at));
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                return written < 0 ? errno : ENOSPC;
            done += static_cast<std::size_t>(written);
        }
        from += bytes;
    }
    return 0;
}

/// A checksum in a header that was written a moment ago takes no segment of its own.
bool AtomicFile::overwrite(std::span<const std::byte> bytes)
{
    if (m_batch.segments.empty())
        return false;
    const Batch::Segment &last = m_batch.segments.back();
    if (m_position < last.position || m_position + bytes.size() > last.position + last.bytes)
        return false;
    const std::size_t back = last.bytes - static_cast<std::size_t>(m_position - last.position);
    std::ranges::copy(bytes, m_batch.bytes.end() - static_cast<std::ptrdiff_t>(back));
    return true;
}

void AtomicFile::append(std::span<const std::byte> bytes)
{
    auto &segments = m_batch.segments;
    if (segments.empty() || segments.back().position + segments.back().bytes != m_position)
        segments.push_back({m_position, 0});
    segments.back().bytes += bytes.size();
    m_batch.bytes.insert(m_batch.bytes.end(), bytes.begin(), bytes.end());
}

/// Leaves an empty batch.
void AtomicFile::handOver()
{
    if (!m_queue) {
        try {
            m_queue = std::make_unique<Queue>(m_descriptor);
        } catch (const std::system_error &) {
            return flush(); // no thread can be had: it is written here
        }
    }
    if (const int error = m_queue->hand(m_batch); error != 0)
        fail(error, "cannot be written");
}

void AtomicFile::write(std::span<const std::byte> bytes)
{
    if (overwrite(bytes)) {
        m_position += bytes.size();
        return;
    }
    while (!bytes.empty()) {
        if (m_batch.bytes.size() == batchBytes)
            handOver();
        m_batch.bytes.reserve(batchBytes);
        const auto piece = bytes.first(std::min(bytes.size(), batchBytes - m_batch.bytes.size()));
        append(piece);
        m_position += piece.size();
        bytes = bytes.subspan(piece.size());
    }
}

void AtomicFile::write(std::string_view text)
{
    write(std::as_bytes(std::span(text)));
}

void AtomicFile::flush()
{
    int error = m_queue ? m_queue->wait() : 0;
    if (error == 0)
        error = put(m_descriptor, m_batch);
    if (error != 0)
        fail(error, "cannot be written");
    m_batch.bytes.clear();
    m_batch.segments.clear();
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
    m_queue.reset();
    m_batch = {};
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
