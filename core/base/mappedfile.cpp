// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/mappedfile.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace rekey {

/// A row of the table that the signal handler walks. Rows are reused, never freed: the handler takes no lock.
struct MappedFile::Mapping
{
    std::atomic<bool> used = false;
    std::atomic<std::uintptr_t> begin = 0;
    std::atomic<std::uintptr_t> end = 0;
    std::atomic<bool> damaged = false;
    Mapping *next = nullptr;
};

struct MappingTable
{
    using Mapping = MappedFile::Mapping;
    static inline std::atomic<Mapping *> first = nullptr;
    static inline struct sigaction previous = {};

    /// Puts zeros where pages were lost. Faults that are none of ours go to whoever was there before.
    static void onBusError(int, siginfo_t *info, void *)
    {
        const int savedErrno = errno;
        const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
        for (Mapping *mapping = first; mapping; mapping = mapping->next) {
            if (address < mapping->begin || address >= mapping->end)
                continue;
            const auto page = address & ~(static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE)) - 1);
            void *zeros = mmap(reinterpret_cast<void *>(page), mapping->end - page, PROT_READ,
                               MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            mapping->damaged = true;
            errno = savedErrno;
            if (zeros != MAP_FAILED)
                return;
        }
        sigaction(SIGBUS, &previous, nullptr); // the faulting instruction runs again, and meets that handler
    }

    static void install()
    {
        static std::once_flag once;
        std::call_once(once, [] {
            struct sigaction action = {};
            action.sa_sigaction = onBusError;
            action.sa_flags = SA_SIGINFO | SA_NODEFER;
            sigemptyset(&action.sa_mask);
            sigaction(SIGBUS, &action, &previous);
        });
    }

    static Mapping *take()
    {
        for (Mapping *mapping = first; mapping; mapping = mapping->next) {
            bool expected = false;
            if (mapping->used.compare_exchange_strong(expected, true))
                return mapping;
        }
        auto *mapping = new Mapping;
        mapping->used = true;
        mapping->next = first;
        while (!first.compare_exchange_weak(mapping->next, mapping)) { }
        return mapping;
    }
};

namespace {

std::string systemReason(int code)
{
    switch (code) {
    case ENOENT: return "there is no such file";
    case EACCES:
    case EPERM: return "reading it is not permitted";
    case ENOTDIR: return "a part of its path is no folder";
    case ENAMETOOLONG: return "the path is too long";
    case ELOOP: return "its symbolic links lead in a circle";
    default: return fmt::format("cannot be read ({})", std::strerror(code));
    }
}

std::int64_t changeTime(const struct stat &status)
{
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

} // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path &path)
{
    std::string name = displayText(path.filename().empty() ? path.native() : path.filename().native());
    // Not blocking: opening a pipe would otherwise wait for a writer.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        throw Error(name, {}, systemReason(errno));
    std::shared_ptr<MappedFile> file(new MappedFile);
    file->m_descriptor = descriptor;
    file->m_path = path;
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        throw Error(name, {}, systemReason(errno));
    if (S_ISDIR(status.st_mode))
        throw Error(name, {}, "this is a folder, a file was expected");
    if (!S_ISREG(status.st_mode))
        throw Error(name, {}, "this is no ordinary file (a pipe, socket or device)");
    file->m_name = std::move(name);
    file->m_size = static_cast<std::uint64_t>(status.st_size);
    file->m_device = status.st_dev;
    file->m_inode = status.st_ino;
    file->m_changed = changeTime(status);
    return file;
}

MappedFile::~MappedFile()
{
    if (m_mapping) {
        const std::uintptr_t begin = m_mapping->begin;
        const std::uintptr_t end = m_mapping->end;
        m_mapping->begin = 0;
        m_mapping->end = 0;
        munmap(reinterpret_cast<void *>(begin), end - begin);
        m_mapping->damaged = false;
        m_mapping->used = false;
    }
    if (m_descriptor >= 0)
        close(m_descriptor);
}

void MappedFile::read(std::uint64_t offset, std::span<std::byte> out) const
{
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = pread(m_descriptor, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw Error(m_name, {}, systemReason(errno));
        if (got == 0)
            throw Error(m_name, {}, fmt::format("file ends early, {} of {} bytes present at offset {}", done, out.size(), offset));
        done += static_cast<std::size_t>(got);
    }
}

std::span<const std::byte> MappedFile::bytes() const
{
    if (m_size == 0)
        return {};
    std::call_once(m_once, [this] {
        MappingTable::install();
        void *begin = mmap(nullptr, m_size, PROT_READ, MAP_SHARED, m_descriptor, 0);
        if (begin == MAP_FAILED)
            throw Error(m_name, {}, fmt::format("cannot be mapped into memory ({})", std::strerror(errno)));
        const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        m_mapping = MappingTable::take();
        m_mapping->end = reinterpret_cast<std::uintptr_t>(begin) + (m_size + page - 1) / page * page;
        m_mapping->begin = reinterpret_cast<std::uintptr_t>(begin);
    });
    return {reinterpret_cast<const std::byte *>(m_mapping->begin.load()), m_size};
}

void MappedFile::checkIntact() const
{
    struct stat status;
    const bool known = fstat(m_descriptor, &status) == 0;
    if (known && static_cast<std::uint64_t>(status.st_size) < m_size)
        throw Error(m_name, {},
                    fmt::format("the file shrank while it was open, from {} to {} bytes; open it again", m_size, status.st_size));
    if (m_mapping && m_mapping->damaged)
        throw Error(m_name, {}, "parts of the file could not be read while it was open (a disk or network error)");
    if (known && (static_cast<std::uint64_t>(status.st_size) != m_size || changeTime(status) != m_changed))
        throw Error(m_name, {}, "the file was changed by another program while it was open; open it again");
}

bool MappedFile::isSame(const std::filesystem::path &other) const
{
    struct stat status;
    return stat(other.c_str(), &status) == 0 && status.st_dev == m_device && status.st_ino == m_inode;
}

} // namespace rekey
