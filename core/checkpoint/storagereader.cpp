// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/storagereader.h"

#include "core/base/bytereader.h"
#include "core/base/crc32.h"
#include "core/base/error.h"
#include "core/checkpoint/inflater.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace rekey {

struct StorageReader::Inflater
{
    std::uint32_t storage = 0;
    RecordInflater record;
};

namespace {

enum Verdict : std::uint8_t { NotYet, Right, Wrong };

std::string partOf(const Storage &storage, const TensorEntry *entry = nullptr)
{
    if (!storage.name.empty())
        return storage.name;
    return entry ? fmt::format("tensor \"{}\"", displayText(entry->key)) : std::string();
}

/// Bytes of a number that a big-endian file swaps: a complex value is two.
std::size_t scalarBytes(DType dtype)
{
    const DTypeInfo &type = info(dtype);
    if (type.blockElements != 1)
        return 1;
    return type.kind == DTypeKind::Complex ? type.blockBytes / 2 : type.blockBytes;
}

void swapBytes(std::span<std::byte> bytes, std::size_t width)
{
    if (width < 2)
        return;
    for (std::size_t i = 0; i + width <= bytes.size(); i += width)
        std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.begin() + static_cast<std::ptrdiff_t>(i + width));
}

/// Changes the sign of every `step`-th number, from number `first` on.
void negateFloats(std::span<std::byte> bytes, std::size_t width, std::size_t first, std::size_t step)
{
    for (std::size_t i = (first + 1) * width - 1; i < bytes.size(); i += step * width)
        bytes[i] ^= std::byte{0x80};
}

void negate(std::span<std::byte> bytes, DType dtype)
{
    const std::size_t width = scalarBytes(dtype);
    if (info(dtype).kind == DTypeKind::Float || info(dtype).kind == DTypeKind::Complex)
        return negateFloats(bytes, width, 0, 1);
    for (std::size_t i = 0; i + width <= bytes.size(); i += width) {
        unsigned carry = 1;
        for (std::size_t k = i; k < i + width; ++k) {
            const unsigned sum = std::to_integer<unsigned>(~bytes[k]) + carry;
            bytes[k] = static_cast<std::byte>(sum);
            carry = sum >> 8;
        }
    }
}

struct Axis
{
    std::uint64_t size = 1;
    std::uint64_t stride = 0;
};

/// The dimensions, slowest first, with neighbours merged that are walked as one.
std::vector<Axis> mergedAxes(const TensorEntry &entry)
{
    std::vector<Axis> axes;
    for (std::size_t i = 0; i < entry.shape.size(); ++i) {
        const Axis axis{static_cast<std::uint64_t>(entry.shape[i]), static_cast<std::uint64_t>(entry.strides[i])};
        if (axis.size == 1)
            continue;
        if (!axes.empty() && axes.back().stride == axis.size * axis.stride)
            axes.back() = {axes.back().size * axis.size, axis.stride};
        else
            axes.push_back(axis);
    }
    if (axes.empty())
        axes.push_back({1, 1});
    return axes;
}

template <std::size_t width>
void copyStrided(const std::byte *from, std::uint64_t stride, std::byte *to, std::uint64_t count)
{
    for (std::uint64_t i = 0; i < count; ++i)
        std::memcpy(to + i * width, from + i * stride * width, width);
}

void copyRun(const std::byte *from, std::uint64_t stride, std::byte *to, std::uint64_t count, std::size_t width)
{
    if (stride == 1) {
        std::memcpy(to, from, count * width);
        return;
    }
    switch (width) {
    case 1: return copyStrided<1>(from, stride, to, count);
    case 2: return copyStrided<2>(from, stride, to, count);
    case 4: return copyStrided<4>(from, stride, to, count);
    case 8: return copyStrided<8>(from, stride, to, count);
    default: return copyStrided<16>(from, stride, to, count);
    }
}

} // namespace

bool isContiguous(const TensorEntry &entry)
{
    std::int64_t expected = 1;
    for (std::size_t i = entry.strides.size(); i-- > 0;) {
        if (entry.shape[i] == 0)
            return true;
        if (entry.shape[i] != 1 && entry.strides[i] != expected)
            return false;
        expected *= entry.shape[i];
    }
    return true;
}

StorageReader::StorageReader(const CheckpointContent &content)
    : m_content(content)
    , m_verified(std::make_unique<std::atomic<std::uint8_t>[]>(content.storages.size()))
{
}

StorageReader::~StorageReader() = default;

/// Whether there is nothing to verify any more. Throws Error for a record that was found to be wrong.
bool StorageReader::isVerified(std::uint32_t index) const
{
    const Storage &storage = m_content.storages[index];
    if (storage.hasChecksum && m_verified[index] == Wrong)
        throw Error(m_content.files[storage.file]->name(), storage.name,
                    "its bytes do not have the checksum that the archive states: the file is damaged or was tampered with");
    return !storage.hasChecksum || m_verified[index] == Right;
}

/// The checksum of a whole record is known. Throws Error when it is not the one stated.
void StorageReader::settle(std::uint32_t index, std::uint32_t sum) const
{
    m_verified[index] = sum == m_content.storages[index].checksum ? Right : Wrong;
    isVerified(index);
}

void StorageReader::verify(std::uint32_t index) const
{
    if (isVerified(index))
        return;
    const Storage &storage = m_content.storages[index];
    std::uint32_t sum = 0;
    std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(storage.recordBytes, limits::MiB)));
    std::unique_ptr<RecordInflater> inflater;
    const MappedFile &file = *m_content.files[storage.file];
    if (storage.encoding == Storage::Encoding::Deflated)
        inflater = std::make_unique<RecordInflater>(file, storage.offset, storage.storedBytes, storage.recordBytes, storage.name);
    for (std::uint64_t at = 0; at < storage.recordBytes; at += buffer.size()) {
        const auto piece
            = std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), storage.recordBytes - at)));
        if (inflater)
            inflater->take(piece);
        else
            file.read(storage.offset + at, piece);
        sum = crc32(sum, piece);
    }
    if (inflater)
        inflater->finish();
    settle(index, sum);
}

/// Where the tensor's bytes begin in its storage, if they lie there one after the other as they are meant.
std::optional<std::uint64_t> StorageReader::beginInPlace(const TensorEntry &entry) const
{
    const bool plain = entry.kind == TensorKind::Dense || entry.kind == TensorKind::Storage || entry.kind == TensorKind::Numpy;
    if (!plain || entry.storage >= m_content.storages.size() || !isContiguous(entry) || entry.conjugate || entry.negative)
        return std::nullopt;
    if (m_content.storages[entry.storage].bigEndian && scalarBytes(entry.dtype) > 1)
        return std::nullopt;
    return byteCount(entry.dtype, entry.offset);
}

/// Whether the tensor's bytes are those of a stored record, all of them, as they stand there.
bool StorageReader::fillsRecord(const TensorEntry &entry) const
{
    if (beginInPlace(entry) != 0U)
        return false;
    const Storage &storage = m_content.storages[entry.storage];
    return storage.encoding == Storage::Encoding::Stored && storage.begin == 0 && entry.bytes() == storage.recordBytes;
}

std::span<const std::byte> StorageReader::view(const TensorEntry &entry) const
{
    const auto begin = beginInPlace(entry);
    if (!begin)
        return {};
    const Storage &storage = m_content.storages[entry.storage];
    if (storage.encoding == Storage::Encoding::Memory)
        return std::span(*storage.memory).subspan(*begin, entry.bytes());
    if (storage.encoding != Storage::Encoding::Stored)
        return {};
    const MappedFile &file = *m_content.files[storage.file];
    file.checkIntact();
    verify(entry.storage);
    return file.bytes().subspan(storage.offset + storage.begin + *begin, entry.bytes());
}

void StorageReader::inflate(std::uint32_t index, std::uint64_t begin, std::span<std::byte> out) const
{
    const Storage &storage = m_content.storages[index];
    const std::lock_guard lock(m_inflating);
    if (!m_inflater || m_inflater->storage != index || m_inflater->record.position() > begin)
        m_inflater.reset(new Inflater{index, RecordInflater(*m_content.files[storage.file], storage.offset, storage.storedBytes,
                                                            storage.recordBytes, storage.name)});
    RecordInflater &record = m_inflater->record;
    record.skip(begin - record.position());
    record.take(out);
}

void StorageReader::copy(std::uint32_t index, std::uint64_t begin, std::span<std::byte> out) const
{
    const Storage &storage = m_content.storages[index];
    if (begin > storage.bytes || out.size() > storage.bytes - begin)
        throw Error({}, partOf(storage), fmt::format("bytes {} to {} of {} were asked for", begin, begin + out.size(), storage.bytes));
    switch (storage.encoding) {
    case Storage::Encoding::Memory:
        std::copy_n(storage.memory->begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
        return;
    case Storage::Encoding::Stored: m_content.files[storage.file]->read(storage.offset + storage.begin + begin, out); return;
    case Storage::Encoding::Deflated: inflate(index, storage.begin + begin, out); return;
    case Storage::Encoding::None: throw Error({}, partOf(storage), "holds no values");
    }
}

std::span<const std::byte> StorageReader::whole(std::uint32_t index, std::shared_ptr<const std::vector<std::byte>> &keep) const
{
    const Storage &storage = m_content.storages[index];
    if (storage.encoding == Storage::Encoding::Memory)
        return *storage.memory;
    if (storage.encoding == Storage::Encoding::Stored)
        return m_content.files[storage.file]->bytes().subspan(storage.offset + storage.begin, storage.bytes);
    if (storage.bytes > limits::inflatedWhole)
        throw Error(
            m_content.files[storage.file]->name(), partOf(storage),
            fmt::format("{} compressed bytes would have to be held at once to reorder them, at most {} are; unpack the archive first",
                        storage.bytes, limits::inflatedWhole));
    {
        const std::lock_guard lock(m_inflating);
        if (m_whole && m_wholeStorage == index)
            keep = m_whole;
    }
    if (!keep) {
        auto bytes = std::make_shared<std::vector<std::byte>>(storage.bytes);
        copy(index, 0, *bytes);
        keep = bytes;
        const std::lock_guard lock(m_inflating);
        m_whole = keep;
        m_wholeStorage = index;
    }
    return *keep;
}

void StorageReader::gather(const TensorEntry &entry, std::uint64_t first, std::span<std::byte> out) const
{
    const DTypeInfo &type = info(entry.dtype);
    const std::string part = fmt::format("tensor \"{}\"", displayText(entry.key));
    if (type.blockElements != 1)
        throw Error({}, part, fmt::format("packed values of {} cannot be read in another order than they are stored", type.name));
    std::shared_ptr<const std::vector<std::byte>> keep;
    const auto bytes = whole(entry.storage, keep);
    const std::size_t width = type.blockBytes;
    const std::vector<Axis> axes = mergedAxes(entry);
    // Index of the first element wanted, axis by axis.
    std::vector<std::uint64_t> at(axes.size());
    std::uint64_t rest = first;
    for (std::size_t i = axes.size(); i-- > 0;) {
        at[i] = rest % axes[i].size;
        rest /= axes[i].size;
    }
    const Axis inner = axes.back();
    for (std::size_t done = 0; done < out.size();) {
        std::uint64_t element = entry.offset;
        for (std::size_t i = 0; i < axes.size(); ++i)
            element += at[i] * axes[i].stride;
        const std::uint64_t run = std::min<std::uint64_t>(inner.size - at.back(), (out.size() - done) / width);
        if ((element + (run - 1) * inner.stride + 1) * width > bytes.size())
            throw Error({}, part, "reaches past its storage");
        copyRun(bytes.data() + element * width, inner.stride, out.data() + done, run, width);
        done += run * width;
        at.back() = 0;
        for (std::size_t i = axes.size() - 1; i-- > 0;) {
            if (++at[i] < axes[i].size)
                break;
            at[i] = 0;
        }
    }
}

void StorageReader::read(const TensorEntry &entry, std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const
{
    const std::string part = fmt::format("tensor \"{}\"", displayText(entry.key));
    const bool plain = entry.kind == TensorKind::Dense || entry.kind == TensorKind::Storage || entry.kind == TensorKind::Numpy;
    if (!plain || entry.storage >= m_content.storages.size())
        throw Error(displayText(m_content.name), part, "holds no values (meta, sparse or nested tensors list parts instead)");
    const std::uint64_t elements = entry.elements();
    if (first > elements || count > elements - first || byteCount(entry.dtype, count) != out.size() || !byteCount(entry.dtype, first))
        throw Error(displayText(m_content.name), part,
                    fmt::format("elements {} to {} of {} were asked for", first, first + count, elements));
    if (count == 0)
        return;
    const Storage &storage = m_content.storages[entry.storage];
    if (storage.encoding != Storage::Encoding::Memory && storage.encoding != Storage::Encoding::None) {
        m_content.files[storage.file]->checkIntact();
        verify(entry.storage);
    }
    if (isContiguous(entry)) {
        const auto begin = byteCount(entry.dtype, entry.offset + first);
        if (!begin)
            throw Error(displayText(m_content.name), part, "begins inside a block of packed values");
        copy(entry.storage, *begin, out);
    } else {
        gather(entry, first, out);
        if (storage.encoding == Storage::Encoding::Stored)
            m_content.files[storage.file]->checkIntact();
    }
    if (storage.bigEndian)
        swapBytes(out, scalarBytes(entry.dtype));
    if (entry.conjugate && info(entry.dtype).kind == DTypeKind::Complex)
        negateFloats(out, scalarBytes(entry.dtype), 1, 2);
    if (entry.negative)
        negate(out, entry.dtype);
}

void StorageReader::stream(const TensorEntry &entry, std::uint64_t first, std::uint64_t count, std::uint64_t blockElements,
                           const std::function<void(std::span<const std::byte>)> &sink) const
{
    const std::uint64_t unit = info(entry.dtype).blockElements;
    const std::uint64_t step = std::max(blockElements / unit * unit, unit);
    std::vector<std::byte> block(byteCount(entry.dtype, std::min(step, count)).value_or(0));
    const bool summed = count > 0 && first == 0 && count == entry.elements() && fillsRecord(entry) && !isVerified(entry.storage);
    std::uint32_t sum = 0;
    for (std::uint64_t done = 0; done < count; done += step) {
        const std::uint64_t elements = std::min(step, count - done);
        const auto bytes = std::span(block).first(byteCount(entry.dtype, elements).value_or(0));
        if (summed) {
            copy(entry.storage, byteCount(entry.dtype, done).value_or(0), bytes);
            sum = crc32(sum, bytes);
        } else {
            read(entry, first + done, elements, bytes);
        }
        sink(bytes);
    }
    const Storage::Encoding encoding = count > 0 ? m_content.storages[entry.storage].encoding : Storage::Encoding::None;
    if (encoding == Storage::Encoding::Stored || encoding == Storage::Encoding::Deflated)
        m_content.files[m_content.storages[entry.storage].file]->checkIntact(); // what was read is what was listed
    if (summed)
        settle(entry.storage, sum);
}

bool isCompressed(const Checkpoint &checkpoint, std::size_t tensor)
{
    const std::vector<Storage> &storages = checkpoint.data().content->storages;
    const std::uint32_t storage = checkpoint.tensors()[tensor].storage;
    return storage < storages.size() && storages[storage].encoding == Storage::Encoding::Deflated;
}

} // namespace rekey
