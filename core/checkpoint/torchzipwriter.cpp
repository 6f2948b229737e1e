// SPDX-License-Identifier: GPL-3.0-or-later
// A state dict as torch.save writes it since 1.6, readable by every PyTorch from 1.6 on, also with weights_only.
#include "core/base/atomicfile.h"
#include "core/base/crc32.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/checkpoint/torchnames.h"
#include "core/checkpoint/writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace rekey {

namespace {

constexpr std::uint32_t none32 = 0xFFFFFFFF;
constexpr std::uint64_t alignment = 64;

template <typename T>
void putNumber(std::string &bytes, T value)
{
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
}

/// Pickle protocol 2, with the opcodes that torch's weights_only reader accepts.
class Pickler
{
public:
    Pickler() { m_bytes = "\x80\x02"; }

    void stateDict(const Schema &schema, const std::vector<std::uint32_t> &storageOf, const std::string &wrapper, const std::string &file);
    std::string take() { return std::move(m_bytes); }

private:
    void op(char code) { m_bytes += code; }
    void text(std::string_view value)
    {
        op('X');
        putNumber(m_bytes, static_cast<std::uint32_t>(value.size()));
        m_bytes += value;
    }
    void integer(std::uint64_t value);
    /// A text or a global, which the second time is fetched from the memo.
    void shared(const std::string &opcodes);
    void sharedText(std::string_view value);
    void global(std::string_view module, std::string_view name) { shared(fmt::format("c{}\n{}\n", module, name)); }
    void emptyOrderedDict();
    void tuple(const Shape &values);
    void tensor(const SchemaTensor &tensor, std::uint32_t storage, const std::string &file);

    std::string m_bytes;
    std::map<std::string, std::uint32_t> m_memo;
};

void Pickler::integer(std::uint64_t value)
{
    if (value < 0x100) {
        op('K');
        putNumber(m_bytes, static_cast<std::uint8_t>(value));
    } else if (value < 0x10000) {
        op('M');
        putNumber(m_bytes, static_cast<std::uint16_t>(value));
    } else if (value < 0x80000000) {
        op('J');
        putNumber(m_bytes, static_cast<std::uint32_t>(value));
    } else {
        op('\x8A');
        op(8); // two's complement of eight bytes: values stay below 2^63
        putNumber(m_bytes, value);
    }
}

void Pickler::shared(const std::string &opcodes)
{
    const auto [found, added] = m_memo.try_emplace(opcodes, static_cast<std::uint32_t>(m_memo.size()));
    if (added)
        m_bytes += opcodes;
    op(added ? 'q' : 'h');
    putNumber(m_bytes, static_cast<std::uint8_t>(found->second)); // far fewer than 256 different ones
}

void Pickler::sharedText(std::string_view value)
{
    std::string opcodes = "X";
    putNumber(opcodes, static_cast<std::uint32_t>(value.size()));
    shared(opcodes + std::string(value));
}

void Pickler::emptyOrderedDict()
{
    global("collections", "OrderedDict");
    op(')');
    op('R');
}

void Pickler::tuple(const Shape &values)
{
    op('(');
    for (const std::int64_t value : values)
        integer(static_cast<std::uint64_t>(value));
    op('t');
}

void Pickler::tensor(const SchemaTensor &tensor, std::uint32_t storage, const std::string &file)
{
    const std::string_view storageName = storageClassName(tensor.dtype);
    const std::string_view dtypeName = torchName(tensor.dtype);
    if (dtypeName.empty() || info(tensor.dtype).blockElements != 1 || info(tensor.dtype).kind == DTypeKind::Quantized)
        throw Error(file, fmt::format("tensor \"{}\"", displayText(tensor.key)),
                    fmt::format("PyTorch has no plain tensors of type {}; cast it", name(tensor.dtype)));
    const bool typed = !storageName.empty();
    Shape strides(tensor.shape.size(), 1);
    for (std::size_t i = tensor.shape.size(); i-- > 1;)
        strides[i - 1] = strides[i] * std::max<std::int64_t>(tensor.shape[i], 1);
    global("torch._utils", typed ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
    op('(');
    op('(');
    sharedText("storage");
    global(typed ? "torch" : "torch.storage", typed ? storageName : "UntypedStorage");
    text(std::to_string(storage));
    sharedText("cpu");
    integer(elementCount(tensor.shape) * (typed ? 1 : info(tensor.dtype).blockBytes));
    op('t');
    op('Q');
    integer(0);
    tuple(tensor.shape);
    tuple(strides);
    op('\x89'); // requires_grad
    emptyOrderedDict();
    if (!typed)
        global("torch", dtypeName);
    op('t');
    op('R');
}

void Pickler::stateDict(const Schema &schema, const std::vector<std::uint32_t> &storageOf, const std::string &wrapper,
                        const std::string &file)
{
    if (!wrapper.empty()) {
        op('}');
        text(wrapper);
    }
    emptyOrderedDict();
    op('(');
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        text(schema.tensors[i].key);
        tensor(schema.tensors[i], storageOf[i], file);
    }
    op('u');
    if (!wrapper.empty())
        op('s');
    op('.');
}

/// Stored entries with their data aligned to 64 bytes, sizes and checksums in the local headers, zip64 where needed.
class ZipWriter
{
public:
    ZipWriter(AtomicFile &file, std::string root) : m_file(file), m_root(std::move(root)) { }

    void begin(const std::string &name, std::uint64_t bytes);
    void write(std::span<const std::byte> bytes)
    {
        m_checksum = crc32(m_checksum, bytes);
        m_file.write(bytes);
    }
    void end();
    void add(const std::string &name, std::string_view content)
    {
        begin(name, content.size());
        write(std::as_bytes(std::span(content)));
        end();
    }
    void finish();

private:
    struct Entry
    {
        std::string name;
        std::uint64_t bytes = 0;
        std::uint64_t offset = 0;
        std::uint32_t checksum = 0;
    };
    std::string fields(const Entry &entry) const;

    AtomicFile &m_file;
    std::string m_root;
    std::vector<Entry> m_entries;
    std::uint32_t m_checksum = 0;
};

std::uint32_t plain(std::uint64_t value)
{
    return value >= none32 ? none32 : static_cast<std::uint32_t>(value);
}

/// What the local and the central header share, from "version needed" to "uncompressed size".
std::string ZipWriter::fields(const Entry &entry) const
{
    std::string bytes;
    const bool large = entry.bytes >= none32 || entry.offset >= none32;
    putNumber<std::uint16_t>(bytes, large ? 45 : 20);
    putNumber<std::uint16_t>(bytes, 1 << 11); // names are UTF-8
    putNumber<std::uint16_t>(bytes, 0);       // stored
    putNumber<std::uint16_t>(bytes, 0);
    putNumber<std::uint16_t>(bytes, 0x21);    // 1 January 1980: the same input gives the same file
    putNumber(bytes, entry.checksum);
    putNumber(bytes, plain(entry.bytes));
    putNumber(bytes, plain(entry.bytes));
    return bytes;
}

void ZipWriter::begin(const std::string &name, std::uint64_t bytes)
{
    Entry &entry = m_entries.emplace_back(Entry{m_root + "/" + name, bytes, m_file.position(), 0});
    m_checksum = 0;
    std::string extra;
    if (bytes >= none32) {
        putNumber<std::uint16_t>(extra, 1);
        putNumber<std::uint16_t>(extra, 16);
        putNumber(extra, bytes);
        putNumber(extra, bytes);
    }
    constexpr std::uint64_t localHeader = 30;
    constexpr std::uint64_t fieldHeader = 4;
    const std::uint64_t data = entry.offset + localHeader + entry.name.size() + extra.size() + fieldHeader;
    const std::uint64_t padding = (alignment - data % alignment) % alignment;
    extra += "FB";
    putNumber(extra, static_cast<std::uint16_t>(padding));
    extra.append(padding, 'Z');
    std::string header = "PK\3\4" + fields(entry);
    putNumber(header, static_cast<std::uint16_t>(entry.name.size()));
    putNumber(header, static_cast<std::uint16_t>(extra.size()));
    m_file.write(header + entry.name + extra);
}

void ZipWriter::end()
{
    Entry &entry = m_entries.back();
    entry.checksum = m_checksum;
    const std::uint64_t next = m_file.position();
    constexpr std::uint64_t checksumAt = 14;
    m_file.seek(entry.offset + checksumAt);
    m_file.write(std::as_bytes(std::span(&m_checksum, 1)));
    m_file.seek(next);
}

void ZipWriter::finish()
{
    const std::uint64_t directory = m_file.position();
    for (const Entry &entry : m_entries) {
        std::string extra;
        if (entry.bytes >= none32 || entry.offset >= none32) {
            std::string values;
            if (entry.bytes >= none32) {
                putNumber(values, entry.bytes);
                putNumber(values, entry.bytes);
            }
            if (entry.offset >= none32)
                putNumber(values, entry.offset);
            putNumber<std::uint16_t>(extra, 1);
            putNumber(extra, static_cast<std::uint16_t>(values.size()));
            extra += values;
        }
        std::string header("PK\1\2\0\0", 6);
        header += fields(entry);
        putNumber(header, static_cast<std::uint16_t>(entry.name.size()));
        putNumber(header, static_cast<std::uint16_t>(extra.size()));
        header.append(10, '\0'); // comment, disk, attributes
        putNumber(header, plain(entry.offset));
        m_file.write(header + entry.name + extra);
    }
    const std::uint64_t end = m_file.position();
    const std::uint64_t count = m_entries.size();
    std::string record = "PK\6\6";
    putNumber<std::uint64_t>(record, 44);
    putNumber<std::uint16_t>(record, 45);
    putNumber<std::uint16_t>(record, 45);
    putNumber<std::uint64_t>(record, 0); // disks
    putNumber(record, count);
    putNumber(record, count);
    putNumber(record, end - directory);
    putNumber(record, directory);
    record += "PK\6\7";
    putNumber<std::uint32_t>(record, 0);
    putNumber(record, end);
    putNumber<std::uint32_t>(record, 1);
    record += "PK\5\6";
    putNumber<std::uint32_t>(record, 0);
    const auto shortCount = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, 0xFFFF));
    putNumber(record, shortCount);
    putNumber(record, shortCount);
    putNumber(record, plain(end - directory));
    putNumber(record, plain(directory));
    putNumber<std::uint16_t>(record, 0);
    m_file.write(record);
}

void check(const Schema &schema, const std::string &file)
{
    std::unordered_set<std::string_view> keys;
    for (const SchemaTensor &tensor : schema.tensors) {
        if (!keys.insert(tensor.key).second)
            throw Error(file, fmt::format("tensor \"{}\"", displayText(tensor.key)), "there are two tensors of this name");
        if (!isUtf8(tensor.key, true))
            throw Error(file, fmt::format("tensor \"{}\"", displayText(tensor.key)), "its name is not UTF-8");
    }
}

} // namespace

std::vector<std::filesystem::path> writeTorchZip(const std::filesystem::path &destination, const Schema &schema, const TensorFiller &fill,
                                                 const WriteOptions &options, const Progress &progress)
{
    const std::string file = displayText(destination.filename().native());
    check(schema, file);
    std::uint64_t total = 0;
    std::vector<std::uint32_t> storageOf;
    std::vector<std::size_t> holders; ///< by number of storage
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        const SchemaTensor &tensor = schema.tensors[i];
        const bool tied = tensor.tiedTo < i && schema.tensors[tensor.tiedTo].shape == tensor.shape
                          && schema.tensors[tensor.tiedTo].dtype == tensor.dtype;
        storageOf.push_back(tied ? storageOf[tensor.tiedTo] : static_cast<std::uint32_t>(holders.size()));
        if (!tied) {
            holders.push_back(i);
            total += writtenBytes(tensor, file);
        }
    }
    Pickler pickler;
    pickler.stateDict(schema, storageOf, options.wrapperKey, file);

    AtomicFile written(destination, options.inputs);
    written.requireSpace(total);
    ZipWriter zip(written, "archive");
    zip.add("data.pkl", pickler.take());
    zip.add("byteorder", "little");
    std::uint64_t done = 0;
    for (std::size_t storage = 0; storage < holders.size(); ++storage) {
        const SchemaTensor &tensor = schema.tensors[holders[storage]];
        const std::uint64_t end = done + writtenBytes(tensor, file);
        zip.begin(fmt::format("data/{}", storage), end - done);
        fill(holders[storage], [&](std::span<const std::byte> bytes) {
            if (bytes.size() > end - done)
                throw Error(file, fmt::format("tensor \"{}\"", displayText(tensor.key)), "more bytes were to be written than it has");
            zip.write(bytes);
            done += bytes.size();
            progress.step(done, total, "writing tensors");
        });
        if (done != end)
            throw Error(file, fmt::format("tensor \"{}\"", displayText(tensor.key)),
                        fmt::format("{} bytes too few were to be written", end - done));
        zip.end();
    }
    zip.add("version", "3\n");
    zip.finish();
    written.flush();

    OpenOptions root;
    root.rootChoice = options.wrapperKey.empty() ? OpenOptions::RootChoice::WholeFile : OpenOptions::RootChoice::Named;
    root.root = options.wrapperKey;
    std::vector<std::size_t> all(schema.tensors.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = i;
    if (!schema.tensors.empty())
        verifyWritten(openCheckpoint(written.temporary(), root), schema, all, file);
    written.commit();
    return {destination};
}

} // namespace rekey
