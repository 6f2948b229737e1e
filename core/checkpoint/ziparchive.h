// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/mappedfile.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rekey {

struct ZipEntry
{
    std::string name;
    bool deflated = false;
    std::uint32_t checksum = 0;
    std::uint64_t headerOffset = 0; ///< of the local header
    std::uint64_t offset = 0;       ///< of the data
    std::uint64_t storedBytes = 0;
    std::uint64_t bytes = 0;        ///< after inflating

    bool isFolder() const { return name.ends_with('/'); }
};

/// A zip file's directory, every field checked against the others (APPNOTE 6.3.10; formats that readers disagree about
/// are refused). The data are not touched.
class ZipArchive
{
public:
    using Warn = std::function<void(std::string)>;
    /// Throws Error for whatever is not a single, whole, unambiguous archive. The file must outlive the archive.
    ZipArchive(const MappedFile &file, const Warn &warn);

    const std::vector<ZipEntry> &entries() const { return m_entries; }
    /// By exact name; null where there is none.
    const ZipEntry *find(std::string_view name) const;
    /// The whole record, inflated and with its checksum verified; Error when it has more than `limit` bytes.
    std::string read(const ZipEntry &entry, std::uint64_t limit) const;

private:
    struct EndRecord;
    EndRecord findEnd() const;
    void readDirectory(const EndRecord &end);
    void checkLocalHeader(ZipEntry &entry, std::uint16_t flags, std::uint16_t method, std::uint64_t directory) const;
    void checkLayout(std::uint64_t directory, const Warn &warn) const;
    [[noreturn]] void fail(std::string reason) const;
    [[noreturn]] void fail(std::string_view entry, std::string reason) const;

    const MappedFile &m_file;
    std::vector<ZipEntry> m_entries;
    std::unordered_map<std::string_view, std::size_t> m_byName;
};

} // namespace rekey
