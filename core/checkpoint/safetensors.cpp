// SPDX-License-Identifier: GPL-3.0-or-later
// safetensors: https://github.com/huggingface/safetensors#format
#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/limits.h"
#include "core/checkpoint/strictjson.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

namespace {

constexpr std::uint64_t unset = static_cast<std::uint64_t>(-1);

struct Span
{
    std::uint64_t begin = unset;
    std::uint64_t end = unset;
};

/// The types that the format knows, which are fewer than ours.
bool isSafetensorsType(DType dtype)
{
    return dtype <= DType::F4 && dtype != DType::C32 && dtype != DType::C128;
}

class HeaderHandler : public JsonHandler
{
public:
    HeaderHandler(CheckpointContent &content, std::vector<Span> &spans, const std::string &file)
        : m_content(content), m_spans(spans), m_file(file)
    {
    }

    void opened(bool array) override
    {
        if (level() == 0) {
            if (array)
                throw Error(m_file, "header", "the JSON is a list, an object was expected");
            return;
        }
        const bool metadata = key(1) == "__metadata__";
        if (level() == 1) {
            if (array)
                fail(metadata ? "is a list, an object of texts was expected" : "is a list, an object was expected");
            if (!metadata)
                begin();
        } else if (metadata || level() > 2 || !array || (key(2) != "shape" && key(2) != "data_offsets")) {
            fail(metadata ? "must map text to text" : fmt::format("\"{}\" is not what it must be", displayText(key(2))));
        } else {
            (key(2) == "shape" ? m_hasShape : m_hasOffsets) = true;
        }
    }

    void value(const JsonValue &value) override
    {
        if (level() == 0)
            throw Error(m_file, "header", "the JSON is no object");
        if (key(1) == "__metadata__")
            return metadata(value);
        if (level() == 1)
            fail("is no object with dtype, shape and data_offsets");
        const std::string &field = key(2);
        if (field == "dtype" && level() == 2)
            dtype(value);
        else if (field == "shape" && level() == 3)
            dimension(value);
        else if (field == "data_offsets" && level() == 3)
            offset(value);
        else
            fail(fmt::format("has a field \"{}\" that is unknown or of the wrong kind", displayText(field)));
    }

    void closed(bool) override
    {
        if (level() != 2 || key(1) == "__metadata__")
            return;
        if (!m_hasType || !m_hasShape || !m_hasOffsets || m_spans.back().end == unset)
            fail("needs dtype, shape and two data_offsets");
    }

private:
    [[noreturn]] void fail(const std::string &reason) const
    {
        const bool metadata = key(1) == "__metadata__";
        throw Error(m_file, metadata ? "__metadata__" : fmt::format("tensor \"{}\"", displayText(key(1))), reason);
    }

    void begin()
    {
        m_hasType = m_hasShape = m_hasOffsets = false;
        TensorEntry &entry = m_content.tensors.emplace_back();
        entry.key = key(1);
        entry.path.push_back({key(1)});
        m_spans.emplace_back();
    }

    void metadata(const JsonValue &value)
    {
        if (level() != 2 || value.type != JsonValue::Type::Text)
            fail("must map text to text");
        m_content.metadata.push_back({{{"__metadata__"}, {key(2)}}, "str", std::move(*value.text), {}});
    }

    void dtype(const JsonValue &value)
    {
        if (value.type != JsonValue::Type::Text)
            fail("dtype is no text");
        const auto known = dtypeFromName(*value.text);
        if (!known || !isSafetensorsType(*known))
            fail(fmt::format("dtype \"{}\" is unknown", displayText(*value.text)));
        m_content.tensors.back().dtype = *known;
        m_hasType = true;
    }

    void dimension(const JsonValue &value)
    {
        Shape &shape = m_content.tensors.back().shape;
        if (value.type != JsonValue::Type::Natural || value.natural > INT64_MAX)
            fail("shape holds something that is not a natural number below 2^63");
        if (shape.size() == limits::tensorRank)
            fail(fmt::format("shape has more than {} dimensions", limits::tensorRank));
        shape.push_back(static_cast<std::int64_t>(value.natural));
    }

    void offset(const JsonValue &value)
    {
        Span &span = m_spans.back();
        if (value.type != JsonValue::Type::Natural || value.natural > INT64_MAX)
            fail("data_offsets hold something that is not a natural number below 2^63");
        if (span.end != unset)
            fail("data_offsets are more than two numbers");
        (span.begin == unset ? span.begin : span.end) = value.natural;
    }

    CheckpointContent &m_content;
    std::vector<Span> &m_spans;
    const std::string &m_file;
    bool m_hasType = false;
    bool m_hasShape = false;
    bool m_hasOffsets = false;
};

/// Bytes that the shape asks for; nothing when that overflows or is no whole number of bytes.
std::optional<std::uint64_t> shapeBytes(const TensorEntry &entry)
{
    std::uint64_t count = 1;
    bool empty = false;
    for (const std::int64_t dimension : entry.shape) {
        empty = empty || dimension == 0;
        if (dimension != 0 && __builtin_mul_overflow(count, static_cast<std::uint64_t>(dimension), &count))
            return {};
    }
    // F4 and F6 fill whole bytes together, not necessarily whole blocks of ours.
    const DTypeInfo &type = info(entry.dtype);
    const std::uint64_t bits = std::uint64_t{type.blockBytes} * 8 / type.blockElements;
    std::uint64_t total = 0;
    if (__builtin_mul_overflow(empty ? 0 : count, bits, &total) || total % 8 != 0 || total / 8 > INT64_MAX)
        return {};
    return total / 8;
}

/// Each tensor's bytes must be what its shape needs, and all together must tile the data without overlap or gap.
void validate(const CheckpointContent &content, const std::vector<Span> &spans, std::uint64_t dataBytes, const std::string &file)
{
    const auto fail = [&](std::size_t i, std::string reason) {
        throw Error(file, fmt::format("tensor \"{}\"", displayText(content.tensors[i].key)), std::move(reason));
    };
    std::vector<std::uint32_t> order(spans.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
        order[i] = static_cast<std::uint32_t>(i);
        const auto [begin, end] = spans[i];
        if (begin > end || end > dataBytes)
            fail(i, fmt::format("data_offsets {} to {} do not lie in the {} bytes of data", begin, end, dataBytes));
        const TensorEntry &entry = content.tensors[i];
        const auto needed = shapeBytes(entry);
        if (!needed)
            fail(i, fmt::format("shape [{}] of {} overflows or fills no whole bytes", fmt::join(entry.shape, ", "), name(entry.dtype)));
        if (*needed != end - begin)
            fail(i, fmt::format("shape [{}] of {} needs {} bytes, data_offsets give {}", fmt::join(entry.shape, ", "), name(entry.dtype),
                                *needed, end - begin));
    }
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(spans[a].begin, spans[a].end) < std::pair(spans[b].begin, spans[b].end);
    };
    if (!std::ranges::is_sorted(order, before))
        std::ranges::sort(order, before);
    std::uint64_t at = 0;
    for (const std::uint32_t i : order) {
        if (spans[i].begin < at)
            fail(i, fmt::format("its data begin at {} and overlap those of another tensor, which end at {}", spans[i].begin, at));
        if (spans[i].begin > at)
            fail(i, fmt::format("its data begin at {}, leaving a hole of {} bytes", spans[i].begin, spans[i].begin - at));
        at = spans[i].end;
    }
    if (at != dataBytes)
        throw Error(file, "data", fmt::format("{} bytes after the last tensor belong to none", dataBytes - at));
}

/// Lists what the header says; returns where the data begin.
std::uint64_t readHeader(const Probe &probe, CheckpointContent &content, std::vector<Span> &spans)
{
    const MappedFile &file = *probe.file;
    if (file.size() < 8)
        throw Error(file.name(), "header", fmt::format("the file has {} bytes, a safetensors file has at least 8", file.size()));
    const auto length = littleEndian<std::uint64_t>(reinterpret_cast<const std::byte *>(probe.head.data()));
    if (length > limits::safetensorsHeader)
        throw Error(file.name(), "header",
                    fmt::format("its length is given as {} bytes, at most {} are accepted", length, limits::safetensorsHeader));
    if (length > file.size() - 8)
        throw Error(file.name(), "header",
                    fmt::format("its length is given as {} bytes, the file has {} after it (cut short?)", length, file.size() - 8));
    std::string header(length, '\0');
    file.read(8, std::as_writable_bytes(std::span(header)));
    if (!header.starts_with('{'))
        throw Error(file.name(), "header", "does not begin with {");
    constexpr std::uint64_t usualEntryBytes = 96; // an entry of a header is rarely shorter: saves moving the entries
    content.tensors.reserve(length / usualEntryBytes);
    HeaderHandler handler(content, spans, file.name());
    parseStrictJson(header, handler, file.name(), "header");
    return 8 + length;
}

void placeStorages(CheckpointContent &content, const std::vector<Span> &spans, std::uint64_t dataBegin)
{
    content.storages.reserve(spans.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
        content.tensors[i].storage = static_cast<std::uint32_t>(content.storages.size());
        Storage &storage = content.storages.emplace_back();
        storage.encoding = Storage::Encoding::Stored;
        storage.offset = dataBegin + spans[i].begin;
        storage.bytes = storage.recordBytes = storage.storedBytes = spans[i].end - spans[i].begin;
    }
}

} // namespace

void readSafetensors(const Probe &probe, CheckpointContent &content)
{
    std::vector<Span> spans;
    const std::uint64_t dataBegin = readHeader(probe, content, spans);
    validate(content, spans, probe.file->size() - dataBegin, probe.file->name());
    placeStorages(content, spans, dataBegin);
}

std::uint64_t readSafetensorsKeys(const Probe &probe, CheckpointContent &content)
{
    std::vector<Span> spans;
    const std::uint64_t dataBegin = readHeader(probe, content, spans);
    // As if the file went on: what the header says of itself still has to hold.
    std::uint64_t dataBytes = 0;
    for (const Span &span : spans)
        dataBytes = std::max(dataBytes, span.end);
    validate(content, spans, dataBytes, probe.file->name());
    placeStorages(content, spans, dataBegin);
    return probe.file->size();
}

} // namespace rekey
