// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF versions 2 and 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/parsebudget.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_set>

namespace rekey {

namespace {

enum ValueType : std::uint32_t { U8, I8, U16, I16, U32, I32, F32, Boolean, Text, Array, U64, I64, F64 };

/// ggml's type numbers; a gap is a type that was removed.
std::optional<DType> typeOf(std::uint32_t number)
{
    struct Numbered
    {
        std::uint32_t number;
        DType dtype;
    };
    constexpr auto types = std::to_array<Numbered>({
        {0, DType::F32}, {1, DType::F16}, {2, DType::Q4_0}, {3, DType::Q4_1}, {6, DType::Q5_0}, {7, DType::Q5_1}, {8, DType::Q8_0},
        {9, DType::Q8_1}, {10, DType::Q2_K}, {11, DType::Q3_K}, {12, DType::Q4_K}, {13, DType::Q5_K}, {14, DType::Q6_K}, {15, DType::Q8_K},
        {16, DType::IQ2_XXS}, {17, DType::IQ2_XS}, {18, DType::IQ3_XXS}, {19, DType::IQ1_S}, {20, DType::IQ4_NL}, {21, DType::IQ3_S},
        {22, DType::IQ2_S}, {23, DType::IQ4_XS}, {24, DType::I8}, {25, DType::I16}, {26, DType::I32}, {27, DType::I64}, {28, DType::F64},
        {29, DType::IQ1_M}, {30, DType::BF16}, {34, DType::TQ1_0}, {35, DType::TQ2_0}, {39, DType::MXFP4}, {40, DType::NVFP4},
        {41, DType::Q1_0}, {42, DType::Q2_0}});
    const auto found = std::ranges::find(types, number, &Numbered::number);
    return found == types.end() ? std::nullopt : std::optional(found->dtype);
}

class GgufFile
{
public:
    GgufFile(const Probe &probe, CheckpointContent &content)
        : m_content(content)
        , m_budget(probe.file->name())
        , m_name(probe.file->name())
        , m_size(probe.file->size())
        , m_reader(probe.file->bytes(), m_name, "header")
    {
    }

    void read();

private:
    struct Run
    {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::size_t tensor = 0;
    };

    std::string_view text(std::string_view what);
    MetadataEntry value(std::uint32_t type, std::size_t depth, bool keep);
    void skip(std::uint32_t type, std::size_t depth);
    void array(MetadataEntry &entry, std::size_t depth, bool keep);
    void readMetadata(std::uint64_t count);
    void readTensor();
    void place();

    CheckpointContent &m_content;
    ParseBudget m_budget;
    const std::string &m_name;
    std::uint64_t m_size;
    ByteReader m_reader;
    std::uint64_t m_alignment = 32;
    std::vector<std::uint64_t> m_offsets;
    std::unordered_set<std::string_view> m_names;
};

std::string_view GgufFile::text(std::string_view what)
{
    const auto length = m_reader.number<std::uint64_t>();
    if (length > m_reader.left())
        m_reader.fail(fmt::format("a {} of {} bytes runs past the end, {} are left", what, length, m_reader.left()));
    const std::string_view value = asText(m_reader.take(length));
    if (!isUtf8(value))
        m_reader.fail(fmt::format("a {} is not UTF-8", what));
    return value;
}

/// Bytes that a value takes at least.
std::uint64_t smallest(std::uint32_t type)
{
    constexpr std::array<std::uint64_t, 13> bytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};
    return type < bytes.size() ? bytes[type] : 0;
}

void GgufFile::array(MetadataEntry &entry, std::size_t depth, bool keep)
{
    if (depth == limits::ggufNesting)
        m_reader.fail(fmt::format("arrays are nested deeper than {}", limits::ggufNesting));
    const auto type = m_reader.number<std::uint32_t>();
    const auto count = m_reader.number<std::uint64_t>();
    const std::uint64_t least = smallest(type);
    if (least == 0)
        m_reader.fail(fmt::format("an array of the unknown type {}", type));
    if (count > m_reader.left() / least)
        m_reader.fail(fmt::format("an array of {} elements runs past the end, {} bytes are left", count, m_reader.left()));
    constexpr std::uint64_t shown = 16;
    entry.type = "list";
    entry.value = "[";
    for (std::uint64_t i = 0; i < count; ++i) {
        if (keep && i < shown)
            entry.value += fmt::format("{}{}", i == 0 ? "" : ", ", value(type, depth + 1, true).value);
        else
            skip(type, depth + 1);
    }
    entry.value += count > shown ? fmt::format(", … {} values]", count) : "]";
}

/// Past a value, checking it all the same. Vocabularies have 100,000 entries.
void GgufFile::skip(std::uint32_t type, std::size_t depth)
{
    if (type == Text)
        text("text");
    else if (type == Array || type == Boolean)
        value(type, depth, false);
    else
        m_reader.take(smallest(type));
}

MetadataEntry GgufFile::value(std::uint32_t type, std::size_t depth, bool keep)
{
    MetadataEntry entry;
    entry.type = "int";
    switch (type) {
    case U8: entry.value = std::to_string(m_reader.number<std::uint8_t>()); break;
    case I8: entry.value = std::to_string(m_reader.number<std::int8_t>()); break;
    case U16: entry.value = std::to_string(m_reader.number<std::uint16_t>()); break;
    case I16: entry.value = std::to_string(m_reader.number<std::int16_t>()); break;
    case U32: entry.value = std::to_string(m_reader.number<std::uint32_t>()); break;
    case I32: entry.value = std::to_string(m_reader.number<std::int32_t>()); break;
    case U64: entry.value = std::to_string(m_reader.number<std::uint64_t>()); break;
    case I64: entry.value = std::to_string(m_reader.number<std::int64_t>()); break;
    case F32:
        entry.type = "float";
        entry.value = fmt::format("{}", m_reader.number<float>());
        break;
    case F64:
        entry.type = "float";
        entry.value = fmt::format("{}", m_reader.number<double>());
        break;
    case Boolean: {
        const auto byte = m_reader.number<std::uint8_t>();
        if (byte > 1)
            m_reader.fail(fmt::format("a truth value is {}, 0 or 1 was expected", byte));
        entry.type = "bool";
        entry.value = byte ? "True" : "False";
        break;
    }
    case Text: {
        const std::string_view content = text("text");
        entry.type = "str";
        if (keep) {
            m_budget.take(content.size());
            entry.value = content;
        }
        break;
    }
    case Array: array(entry, depth, keep); break;
    default: m_reader.fail(fmt::format("a value of the unknown type {}", type));
    }
    return entry;
}

void GgufFile::readMetadata(std::uint64_t count)
{
    constexpr std::size_t longestKey = 65535;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string_view key = text("key");
        if (key.empty() || key.size() > longestKey)
            m_reader.fail(fmt::format("a key has {} bytes", key.size()));
        if (!m_names.insert(key).second)
            m_reader.fail(fmt::format("the key \"{}\" occurs twice", displayText(key)));
        const auto type = m_reader.number<std::uint32_t>();
        m_budget.take(sizeof(MetadataEntry) + sizeof(PathStep) + 2 * key.size() + 64);
        MetadataEntry entry = value(type, 0, true);
        entry.path.push_back({std::string(key)});
        if (key == "general.alignment") {
            const std::uint64_t alignment = type == U32 ? std::stoull(entry.value) : 0;
            if (!std::has_single_bit(alignment))
                m_reader.fail(
                    fmt::format("general.alignment is {} of type {}, a power of two was expected", displayText(entry.value), type));
            m_alignment = alignment;
        }
        m_content.metadata.push_back(std::move(entry));
    }
}

void GgufFile::readTensor()
{
    const std::string_view name = text("tensor name");
    const std::string part = fmt::format("tensor \"{}\"", displayText(name));
    const auto fail = [&](std::string reason) { throw Error(m_name, part, std::move(reason)); };
    if (name.empty() || !m_names.insert(name).second)
        fail("its name is empty, or there twice");
    const auto rank = m_reader.number<std::uint32_t>();
    if (rank > 4)
        fail(fmt::format("it has {} dimensions, at most 4 are possible", rank));
    m_budget.take(sizeof(TensorEntry) + sizeof(Storage) + sizeof(PathStep) + 4 * name.size() + 128);
    TensorEntry &entry = m_content.tensors.emplace_back();
    entry.key = name;
    entry.path.push_back({std::string(name)});
    std::uint64_t elements = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
        const auto dimension = m_reader.number<std::uint64_t>();
        if (dimension > INT64_MAX || __builtin_mul_overflow(elements, std::max<std::uint64_t>(dimension, 1), &elements)
            || elements > INT64_MAX)
            fail("its dimensions overflow");
        entry.shape.insert(entry.shape.begin(), static_cast<std::int64_t>(dimension)); // fastest first in the file
    }
    const auto number = m_reader.number<std::uint32_t>();
    const auto dtype = typeOf(number);
    if (!dtype)
        fail(fmt::format("its type {} is unknown or was removed", number));
    entry.dtype = *dtype;
    const std::uint64_t row = rank == 0 ? 1 : static_cast<std::uint64_t>(entry.shape.back());
    if (row % info(*dtype).blockElements != 0)
        fail(fmt::format("its rows of {} values are no whole blocks of {}", row, info(*dtype).blockElements));
    const auto bytes = byteCount(*dtype, entry.elements());
    if (!bytes)
        fail("its size in bytes overflows");
    const auto offset = m_reader.number<std::uint64_t>();
    if (offset % m_alignment != 0)
        fail(fmt::format("its offset {} is no multiple of {}", offset, m_alignment));
    m_offsets.push_back(offset);
    entry.storage = static_cast<std::uint32_t>(m_content.storages.size());
    Storage &storage = m_content.storages.emplace_back();
    storage.encoding = Storage::Encoding::Stored;
    storage.bytes = storage.recordBytes = storage.storedBytes = *bytes;
}

/// Where the data lie: inside the file, without overlap.
void GgufFile::place()
{
    const std::uint64_t infosEnd = m_reader.position();
    if (m_alignment > m_size && !m_offsets.empty())
        throw Error(m_name, "header", fmt::format("an alignment of {} bytes in a file of {}", m_alignment, m_size));
    const std::uint64_t base = (infosEnd + m_alignment - 1) / m_alignment * m_alignment;
    std::vector<Run> runs;
    for (std::size_t i = 0; i < m_offsets.size(); ++i) {
        Storage &storage = m_content.storages[i];
        if (base > m_size || m_offsets[i] > m_size - base || storage.bytes > m_size - base - m_offsets[i])
            throw Error(m_name, fmt::format("tensor \"{}\"", displayText(m_content.tensors[i].key)),
                        fmt::format("its {} bytes at {} do not lie in the file of {} (cut short?)", storage.bytes, m_offsets[i], m_size));
        storage.offset = base + m_offsets[i];
        runs.push_back({m_offsets[i], m_offsets[i] + storage.bytes, i});
    }
    std::ranges::sort(runs, [](const Run &a, const Run &b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::uint64_t at = 0;
    std::uint64_t unclaimed = 0;
    for (const Run &run : runs) {
        if (run.begin < at)
            throw Error(m_name, fmt::format("tensor \"{}\"", displayText(m_content.tensors[run.tensor].key)),
                        "its data overlap those of another tensor");
        unclaimed += run.begin - at >= m_alignment ? run.begin - at : 0;
        at = std::max(at, run.end);
    }
    if (m_size > base && m_size - base - at >= m_alignment)
        unclaimed += m_size - base - at;
    if (unclaimed > 0)
        m_content.warn(fmt::format("{} bytes between or after the tensors belong to none", unclaimed));
}

void GgufFile::read()
{
    m_reader.take(4); // "GGUF"
    const auto version = m_reader.number<std::uint32_t>();
    if (version != 2 && version != 3)
        throw Error(m_name, "header", fmt::format("GGUF version {} is not supported (2 and 3 are){}", version,
                                                  version != 0 && (version & 0xFFFF) == 0 ? "; the file seems to be big-endian" : ""));
    const auto tensors = m_reader.number<std::uint64_t>();
    const auto entries = m_reader.number<std::uint64_t>();
    constexpr std::uint64_t smallestEntry = 13;
    constexpr std::uint64_t smallestTensor = 24;
    if (entries > m_reader.left() / smallestEntry || tensors > m_reader.left() / smallestTensor)
        m_reader.fail(
            fmt::format("{} metadata entries and {} tensors are announced, {} bytes are left", entries, tensors, m_reader.left()));
    readMetadata(entries);
    m_names.clear();
    for (std::uint64_t i = 0; i < tensors; ++i)
        readTensor();
    place();
}

} // namespace

void readGguf(const Probe &probe, CheckpointContent &content)
{
    GgufFile(probe, content).read();
    probe.file->checkIntact();
}

} // namespace rekey
