// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/ziparchive.h"

#include "core/base/bytereader.h"
#include "core/base/crc32.h"
#include "core/base/utf8.h"
#include "core/checkpoint/inflater.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

namespace rekey {

namespace {

constexpr std::uint32_t endSignature = 0x06054b50;
constexpr std::uint32_t locatorSignature = 0x07064b50;
constexpr std::uint32_t end64Signature = 0x06064b50;
constexpr std::uint32_t centralSignature = 0x02014b50;
constexpr std::uint32_t localSignature = 0x04034b50;
constexpr std::size_t endSize = 22;
constexpr std::size_t locatorSize = 20;
constexpr std::size_t end64Size = 56;
constexpr std::size_t centralSize = 46;
constexpr std::size_t localSize = 30;
constexpr std::uint16_t none16 = 0xFFFF;
constexpr std::uint32_t none32 = 0xFFFFFFFF;
constexpr std::uint16_t descriptorFlag = 1 << 3;
constexpr std::uint16_t refusedFlags = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 13; ///< encrypted, patched, strongly encrypted, masked
constexpr std::uint16_t stored = 0;
constexpr std::uint16_t deflated = 8;
constexpr std::uint16_t zip64Field = 1;

struct CentralHeader
{
    std::uint16_t flags, method;
    std::uint32_t checksum, storedBytes, bytes;
    std::uint16_t nameLength, extraLength, commentLength, disk;
    std::uint32_t offset;
};

CentralHeader centralHeader(const std::byte *at)
{
    const auto u16 = [&](std::size_t offset) { return littleEndian<std::uint16_t>(at + offset); };
    const auto u32 = [&](std::size_t offset) { return littleEndian<std::uint32_t>(at + offset); };
    return {u16(8), u16(10), u32(16), u32(20), u32(24), u16(28), u16(30), u16(32), u16(34), u32(42)};
}

std::string folded(std::string_view name)
{
    std::string lower(name);
    for (char &letter : lower) {
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    }
    return lower;
}

/// Why a name must not be in an archive; empty when it may.
std::string_view wrongName(std::string_view name)
{
    if (name.empty())
        return "its name is empty";
    if (!isUtf8(name))
        return "its name is not UTF-8";
    if (name.find('\0') != name.npos || name.find('\\') != name.npos)
        return "its name holds a NUL or a backslash";
    if (name.front() == '/' || (name.size() > 1 && name[1] == ':'))
        return "its name is an absolute path";
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('/', at), name.size());
        if (name.substr(at, end - at) == "..")
            return "its name climbs out of the archive";
        at = end + 1;
    }
    return {};
}

} // namespace

struct ZipArchive::EndRecord
{
    std::uint64_t entries = 0;
    std::uint64_t size = 0;   ///< of the central directory
    std::uint64_t offset = 0;
};

void ZipArchive::fail(std::string reason) const
{
    throw Error(m_file.name(), "zip directory", std::move(reason));
}

void ZipArchive::fail(std::string_view entry, std::string reason) const
{
    throw Error(m_file.name(), fmt::format("entry \"{}\"", displayText(entry)), std::move(reason));
}

ZipArchive::ZipArchive(const MappedFile &file, const Warn &warn)
    : m_file(file)
{
    const EndRecord end = findEnd();
    readDirectory(end);
    checkLayout(end.offset, warn);
}

ZipArchive::EndRecord ZipArchive::findEnd() const
{
    const std::uint64_t size = m_file.size();
    constexpr std::uint64_t searched = endSize + none16 + locatorSize;
    std::vector<std::byte> tail(static_cast<std::size_t>(std::min(size, searched)));
    m_file.read(size - tail.size(), tail);
    const auto fits = [&](std::size_t at) {
        return littleEndian<std::uint32_t>(&tail[at]) == endSignature
            && at + endSize + littleEndian<std::uint16_t>(&tail[at + 20]) == tail.size();
    };
    std::vector<std::size_t> candidates;
    bool signature = false;
    for (std::size_t at = tail.size() < endSize ? 0 : tail.size() - endSize + 1; at-- > 0 && tail.size() >= endSize;) {
        signature = signature || littleEndian<std::uint32_t>(&tail[at]) == endSignature;
        if (fits(at))
            candidates.push_back(at);
        else if (candidates.empty() && littleEndian<std::uint32_t>(&tail[at]) == endSignature)
            fail(fmt::format("the comment of the end record does not end with the file ({} bytes stated, {} left)",
                             littleEndian<std::uint16_t>(&tail[at + 20]), tail.size() - at - endSize));
    }
    if (candidates.empty())
        fail("the end record is missing: the file was cut short, or is no zip file");
    if (candidates.size() > 1)
        fail("there are two end records, which readers would choose from differently");
    const std::size_t at = candidates.front();
    const auto u16 = [&](std::size_t offset) { return littleEndian<std::uint16_t>(&tail[at + offset]); };
    const auto u32 = [&](std::size_t offset) { return littleEndian<std::uint32_t>(&tail[at + offset]); };
    if (u16(4) != 0 || u16(6) != 0 || u16(8) != u16(10))
        fail("the archive is split over several disks");
    EndRecord end{u16(10), u32(12), u32(16)};
    std::uint64_t directoryEnd = size - tail.size() + at;
    if (at >= locatorSize && littleEndian<std::uint32_t>(&tail[at - locatorSize]) == locatorSignature) {
        const std::uint64_t locator = directoryEnd - locatorSize;
        const auto where = littleEndian<std::uint64_t>(&tail[at - locatorSize + 8]);
        if (locator < end64Size || where > locator - end64Size)
            fail(fmt::format("the zip64 end record is said to be at {}, past its end", where));
        std::array<std::byte, end64Size> record;
        m_file.read(where, record);
        const auto long64 = [&](std::size_t offset) { return littleEndian<std::uint64_t>(&record[offset]); };
        if (littleEndian<std::uint32_t>(record.data()) != end64Signature || long64(4) != locator - where - 12)
            fail(fmt::format("the zip64 end record is not at {}, where it is said to be", where));
        if (littleEndian<std::uint32_t>(&record[16]) != 0 || littleEndian<std::uint32_t>(&record[20]) != 0 || long64(24) != long64(32))
            fail("the archive is split over several disks");
        const EndRecord end64{long64(32), long64(40), long64(48)};
        if ((end.entries != none16 && end.entries != end64.entries) || (end.size != none32 && end.size != end64.size)
            || (end.offset != none32 && end.offset != end64.offset))
            fail("the zip64 end record and the plain one disagree");
        end = end64;
        directoryEnd = where;
    } else if (end.entries == none16 || end.size == none32 || end.offset == none32) {
        fail("the zip64 end record is missing");
    }
    if (end.offset > directoryEnd || end.size != directoryEnd - end.offset)
        fail(fmt::format("{} bytes at {} are said to be the directory, which has to end at {}", end.size, end.offset, directoryEnd));
    if (end.entries > limits::zipEntries)
        fail(fmt::format("{} entries; at most {} are read", end.entries, limits::zipEntries));
    if (end.entries * centralSize > end.size || end.size > limits::parsedMemory)
        fail(fmt::format("{} entries do not fit in a directory of {} bytes", end.entries, end.size));
    if (end.entries == 0)
        fail("the archive is empty");
    return end;
}

void ZipArchive::readDirectory(const EndRecord &end)
{
    std::vector<std::byte> directory(end.size);
    m_file.read(end.offset, directory);
    ByteReader reader(directory, m_file.name(), "zip directory");
    std::unordered_set<std::string> names;
    names.reserve(end.entries);
    m_entries.reserve(end.entries);
    m_byName.reserve(end.entries);
    for (std::uint64_t i = 0; i < end.entries; ++i) {
        const auto bytes = reader.take(centralSize);
        if (littleEndian<std::uint32_t>(bytes.data()) != centralSignature)
            fail(fmt::format("entry {} of {} does not begin with its signature", i + 1, end.entries));
        const CentralHeader header = centralHeader(bytes.data());
        ZipEntry &entry = m_entries.emplace_back();
        entry.name = asText(reader.take(header.nameLength));
        entry.deflated = header.method == deflated;
        entry.checksum = header.checksum;
        entry.storedBytes = header.storedBytes;
        entry.bytes = header.bytes;
        entry.headerOffset = header.offset;
        ByteReader extra(reader.take(header.extraLength), m_file.name(), "zip extra field");
        reader.take(header.commentLength);
        if (const auto wrong = wrongName(entry.name); !wrong.empty())
            fail(entry.name, std::string(wrong));
        if (header.flags & refusedFlags)
            fail(entry.name, "is encrypted or patch data, which is not supported");
        if (header.method != stored && header.method != deflated)
            fail(entry.name, fmt::format("uses compression method {}; only stored and deflated are supported", header.method));
        if (header.disk != 0)
            fail(entry.name, "lies on another disk");

        bool needs64 = entry.bytes == none32 || entry.storedBytes == none32 || entry.headerOffset == none32;
        while (extra.left() > 0) {
            const auto id = extra.number<std::uint16_t>();
            const auto field = extra.take(extra.number<std::uint16_t>());
            if (id != zip64Field || !needs64)
                continue;
            ByteReader longs(field, m_file.name(), "zip64 field");
            for (std::uint64_t *value : {&entry.bytes, &entry.storedBytes, &entry.headerOffset}) {
                if (*value == none32)
                    *value = longs.number<std::uint64_t>();
            }
            needs64 = false;
        }
        if (needs64)
            fail(entry.name, "its zip64 field is missing");
        if (!entry.deflated && entry.storedBytes != entry.bytes)
            fail(entry.name, fmt::format("is stored, with two sizes: {} and {} bytes", entry.storedBytes, entry.bytes));
        if (!names.insert(folded(entry.name)).second)
            fail(entry.name, "is in the archive twice (upper and lower case count as equal)");
        checkLocalHeader(entry, header.flags, header.method, end.offset);
    }
    if (reader.left() != 0)
        fail(fmt::format("{} bytes after the last of {} entries", reader.left(), end.entries));
    for (std::size_t i = 0; i < m_entries.size(); ++i)
        m_byName.emplace(m_entries[i].name, i);
}

void ZipArchive::checkLocalHeader(ZipEntry &entry, std::uint16_t flags, std::uint16_t method, std::uint64_t directory) const
{
    const std::size_t length = localSize + entry.name.size();
    if (entry.headerOffset > directory || length > directory - entry.headerOffset)
        fail(entry.name, fmt::format("its local header is said to be at {}, past the data", entry.headerOffset));
    std::array<std::byte, 512> small;
    std::vector<std::byte> large(length > small.size() ? length : 0);
    const auto bytes = large.empty() ? std::span(small).first(length) : std::span<std::byte>(large);
    m_file.read(entry.headerOffset, bytes);
    const auto u16 = [&](std::size_t offset) { return littleEndian<std::uint16_t>(&bytes[offset]); };
    const auto u32 = [&](std::size_t offset) { return littleEndian<std::uint32_t>(&bytes[offset]); };
    if (u32(0) != localSignature)
        fail(entry.name, fmt::format("its local header is not at {}, where it is said to be", entry.headerOffset));
    if (u16(26) != entry.name.size() || asText(bytes.subspan(localSize)) != entry.name)
        fail(entry.name, "has another name in its local header");
    if (u16(8) != method || ((u16(6) ^ flags) & (refusedFlags | descriptorFlag)) != 0)
        fail(entry.name, "its local header states another method or other flags");
    // With a descriptor the local sizes mean nothing; without one they must repeat the directory's.
    const bool agrees = u32(14) == entry.checksum && (u32(18) == none32 || u32(18) == entry.storedBytes)
        && (u32(22) == none32 || u32(22) == entry.bytes);
    if ((flags & descriptorFlag) == 0 && !agrees)
        fail(entry.name, "its local header states other sizes or another checksum");
    const std::uint64_t header = localSize + u16(26) + std::uint64_t{u16(28)};
    if (header > directory - entry.headerOffset || entry.storedBytes > directory - entry.headerOffset - header)
        fail(entry.name, fmt::format("its {} bytes of data run into the directory", entry.storedBytes));
    entry.offset = entry.headerOffset + header;
}

void ZipArchive::checkLayout(std::uint64_t directory, const Warn &warn) const
{
    std::vector<const ZipEntry *> order;
    order.reserve(m_entries.size());
    for (const ZipEntry &entry : m_entries)
        order.push_back(&entry);
    std::ranges::sort(order, {}, &ZipEntry::headerOffset);
    constexpr std::uint64_t descriptor = 24; // the largest that may follow the data
    std::uint64_t at = 0;
    std::uint64_t unclaimed = 0;
    for (const ZipEntry *entry : order) {
        if (entry->headerOffset < at)
            fail(entry->name, "overlaps another entry");
        if (entry == order.front() && entry->headerOffset != 0)
            fail(fmt::format("{} bytes stand before the first entry", entry->headerOffset));
        if (entry->headerOffset - at > descriptor)
            unclaimed += entry->headerOffset - at;
        at = entry->offset + entry->storedBytes;
    }
    if (directory - at > descriptor)
        unclaimed += directory - at;
    if (unclaimed > 0)
        warn(fmt::format("{} bytes between the entries belong to none of them", unclaimed));
}

const ZipEntry *ZipArchive::find(std::string_view name) const
{
    const auto found = m_byName.find(name);
    return found == m_byName.end() ? nullptr : &m_entries[found->second];
}

std::string ZipArchive::read(const ZipEntry &entry, std::uint64_t limit) const
{
    if (entry.bytes > limit)
        fail(entry.name, fmt::format("has {} bytes; at most {} are read", entry.bytes, limit));
    // Inflating can multiply by a thousand: memory grows with what really comes out.
    std::string text;
    if (entry.deflated) {
        RecordInflater inflater(m_file, entry.offset, entry.storedBytes, entry.bytes, fmt::format("entry \"{}\"", displayText(entry.name)));
        while (inflater.position() < entry.bytes) {
            const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(entry.bytes - text.size(), limits::MiB));
            text.resize(text.size() + piece);
            inflater.take(std::as_writable_bytes(std::span(text).last(piece)));
        }
        inflater.finish();
    } else {
        text.resize(entry.bytes);
        m_file.read(entry.offset, std::as_writable_bytes(std::span(text)));
    }
    if (crc32(0, std::as_bytes(std::span(text))) != entry.checksum)
        fail(entry.name, "its bytes do not have the checksum that the archive states: the file is damaged or was tampered with");
    return text;
}

} // namespace rekey
