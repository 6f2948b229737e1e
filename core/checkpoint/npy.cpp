// SPDX-License-Identifier: GPL-3.0-or-later
// .npy and .npz: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/inflater.h"
#include "core/checkpoint/limits.h"
#include "core/checkpoint/numpyarray.h"
#include "core/checkpoint/ziparchive.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

namespace rekey {

namespace {

struct ArrayHeader
{
    std::optional<std::string> descr; ///< nothing for record types
    bool fortran = false;
    Shape shape;
    std::uint64_t bytes = 0; ///< of magic, version, length and header
};

/// The Python literal of a header: exactly {'descr': …, 'fortran_order': …, 'shape': (…)}. Nothing is evaluated; what is
/// no text, tuple, list, True, False or plain number is an error.
class HeaderParser
{
public:
    HeaderParser(std::string_view text, std::function<void(std::string)> fail) : m_text(text), m_fail(std::move(fail)) { }

    ArrayHeader parse()
    {
        ArrayHeader header;
        bool seen[3] = {};
        expect('{');
        while (!accept('}')) {
            const std::string key = text();
            expect(':');
            const int field = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
            if (field < 0 || seen[field])
                m_fail(fmt::format("its header has the key \"{}\", which is unknown or there twice", displayText(key)));
            seen[field] = true;
            if (field == 0)
                header.descr = description();
            else if (field == 1)
                header.fortran = boolean();
            else
                header.shape = tuple();
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        if (!seen[0] || !seen[1] || !seen[2])
            m_fail("its header needs descr, fortran_order and shape");
        space();
        if (m_at != m_text.size())
            m_fail("text after the end of its header");
        return header;
    }

private:
    void space()
    {
        while (m_at < m_text.size() && std::string_view(" \t\r\n").find(m_text[m_at]) != std::string_view::npos)
            ++m_at;
    }
    bool accept(char wanted)
    {
        space();
        if (m_at == m_text.size() || m_text[m_at] != wanted)
            return false;
        ++m_at;
        return true;
    }
    void expect(char wanted)
    {
        if (!accept(wanted))
            m_fail(fmt::format("its header is no plain dictionary: \"{}\" was expected at character {}", wanted, m_at));
    }
    std::string text()
    {
        space();
        const char quote = m_at < m_text.size() ? m_text[m_at] : '\0';
        if (quote != '\'' && quote != '"')
            m_fail(fmt::format("its header is no plain dictionary: a text was expected at character {}", m_at));
        const std::size_t end = m_text.find(quote, m_at + 1);
        if (end == m_text.npos || m_text.substr(m_at, end - m_at).find('\\') != m_text.npos)
            m_fail("a text in its header has no end, or an escape");
        const std::string value(m_text.substr(m_at + 1, end - m_at - 1));
        m_at = end + 1;
        return value;
    }
    bool boolean()
    {
        space();
        for (const std::string_view word : {"True", "False"}) {
            if (m_text.substr(m_at).starts_with(word)) {
                m_at += word.size();
                return word == "True";
            }
        }
        m_fail("fortran_order in its header is neither True nor False");
        return false;
    }
    Shape tuple()
    {
        Shape shape;
        expect('(');
        while (!accept(')')) {
            if (shape.size() == limits::tensorRank)
                m_fail(fmt::format("it has more than {} dimensions", limits::tensorRank));
            shape.push_back(natural());
            accept('L'); // Python 2
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
        return shape;
    }
    std::int64_t natural()
    {
        space();
        std::int64_t value = 0;
        const std::size_t begin = m_at;
        for (; m_at < m_text.size() && m_text[m_at] >= '0' && m_text[m_at] <= '9'; ++m_at) {
            if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, m_text[m_at] - '0', &value))
                m_fail("a dimension in its header is 2^63 or more");
        }
        if (m_at == begin)
            m_fail("a dimension in its header is no natural number");
        return value;
    }
    /// A text, or a list that describes records, which only has to be well-formed.
    std::optional<std::string> description()
    {
        space();
        if (m_at < m_text.size() && m_text[m_at] != '[' && m_text[m_at] != '(')
            return text();
        constexpr std::size_t deepest = 16;
        std::string open;
        do {
            space();
            const char letter = m_at < m_text.size() ? m_text[m_at] : '\0';
            if (letter == '[' || letter == '(') {
                open += letter;
                ++m_at;
                if (open.size() > deepest)
                    m_fail("the record type in its header is nested too deeply");
            } else if (letter == ']' || letter == ')') {
                if (open.back() != (letter == ']' ? '[' : '('))
                    m_fail("the record type in its header is not well-formed");
                open.pop_back();
                ++m_at;
            } else if (letter == ',') {
                ++m_at;
            } else if (letter >= '0' && letter <= '9') {
                natural();
            } else {
                text();
            }
        } while (!open.empty());
        return {};
    }

    std::string_view m_text;
    std::function<void(std::string)> m_fail;
    std::size_t m_at = 0;
};

/// `take` gives the next bytes of the array file, front to back.
ArrayHeader readHeader(const std::function<std::string(std::size_t)> &take, std::uint64_t size,
                       const std::function<void(std::string)> &fail)
{
    constexpr std::size_t start = 8;
    if (size < start + 2)
        fail(fmt::format("file ends early: {} bytes are no array", size));
    const std::string magic = take(start);
    if (!magic.starts_with("\x93NUMPY"))
        fail("does not begin as an array of NumPy does");
    const int major = static_cast<unsigned char>(magic[6]);
    const int minor = static_cast<unsigned char>(magic[7]);
    if (major < 1 || major > 3 || minor != 0)
        fail(fmt::format("its version {}.{} is unknown", major, minor));
    const std::size_t lengthBytes = major == 1 ? 2 : 4;
    if (size < start + lengthBytes)
        fail(fmt::format("file ends early: {} bytes are no array", size));
    const std::string lengthField = take(lengthBytes);
    std::uint32_t length = 0;
    std::memcpy(&length, lengthField.data(), lengthBytes);
    if (length > limits::npyHeader)
        fail(fmt::format("its header is said to have {} bytes, at most {} are read", length, limits::npyHeader));
    if (length > size - start - lengthBytes)
        fail(fmt::format("file ends early, {} of {} bytes of its header present", size - start - lengthBytes, length));
    const std::string text = take(length);
    if (major == 3 && !isUtf8(text))
        fail("its header is not UTF-8");
    ArrayHeader header = HeaderParser(text, fail).parse();
    header.bytes = start + lengthBytes + length;
    return header;
}

/// Adds the array that lies in `record`, of which everything but begin and bytes is settled.
void addArray(CheckpointContent &content, const ArrayHeader &header, Storage record, const Path &path,
              const std::function<void(std::string)> &fail)
{
    // Arrays without numbers have no tensor, but their records are verified like the others.
    const auto describe = [&](std::string type) {
        content.metadata.push_back({path, "array", std::move(type), {}});
        content.storages.push_back(record);
    };
    if (!header.descr)
        return describe("record");
    const auto type = numpyType(*header.descr);
    if (!type)
        fail(fmt::format("its type \"{}\" is unknown", displayText(*header.descr)));
    if (type->kind == NumpyType::Kind::Object)
        fail("it holds Python objects, that is a pickle, which is not opened");
    const auto bytes = arrayBytes(header.shape, type->bytes);
    const std::uint64_t present = record.recordBytes - header.bytes;
    if (!bytes || *bytes != present)
        fail(fmt::format("shape [{}] of {} needs {} bytes, {} are present", fmt::join(header.shape, ", "), displayText(*header.descr),
                         bytes ? std::to_string(*bytes) : "too many", present));
    if (type->kind != NumpyType::Kind::Number)
        return describe(*header.descr);
    TensorEntry &entry = content.tensors.emplace_back();
    entry.path = path;
    entry.key = pathText(path);
    entry.kind = TensorKind::Numpy;
    entry.dtype = type->dtype;
    entry.shape = header.shape;
    if (header.fortran && header.shape.size() > 1) {
        entry.strides = fortranStrides(header.shape);
        if (isContiguous(entry))
            entry.strides = {};
        entry.notes.push_back("Fortran order");
    }
    entry.storage = static_cast<std::uint32_t>(content.storages.size());
    record.bigEndian = type->isBigEndian();
    record.begin = header.bytes;
    record.bytes = *bytes;
    content.storages.push_back(std::move(record));
}

} // namespace

void readNpy(const Probe &probe, CheckpointContent &content)
{
    const MappedFile &file = *probe.file;
    const auto fail = [&](std::string reason) { throw Error(file.name(), "array", std::move(reason)); };
    std::uint64_t at = 0;
    const auto take = [&](std::size_t count) {
        std::string bytes(count, '\0');
        file.read(at, std::as_writable_bytes(std::span(bytes)));
        at += count;
        return bytes;
    };
    const ArrayHeader header = readHeader(take, file.size(), fail);
    Storage record;
    record.encoding = Storage::Encoding::Stored;
    record.storedBytes = record.recordBytes = file.size();
    addArray(content, header, std::move(record), {}, fail);
}

void readNpz(const MappedFile &file, const ZipArchive &zip, CheckpointContent &content)
{
    content.format = "npz";
    content.formatText = "NumPy archive";
    for (const ZipEntry &member : zip.entries()) {
        if (member.isFolder())
            continue;
        if (!member.name.ends_with(".npy")) {
            content.warn(fmt::format("\"{}\" is no array and was not read", displayText(member.name)));
            continue;
        }
        const std::string part = fmt::format("array \"{}\"", displayText(member.name));
        const auto fail = [&](std::string reason) { throw Error(file.name(), part, std::move(reason)); };
        std::unique_ptr<RecordInflater> inflater;
        if (member.deflated)
            inflater = std::make_unique<RecordInflater>(file, member.offset, member.storedBytes, member.bytes, part);
        std::uint64_t at = 0;
        const auto take = [&](std::size_t count) {
            std::string bytes(count, '\0');
            if (inflater)
                inflater->take(std::as_writable_bytes(std::span(bytes)));
            else
                file.read(member.offset + at, std::as_writable_bytes(std::span(bytes)));
            at += count;
            return bytes;
        };
        if (member.bytes > limits::inflatedEntry && member.deflated)
            fail(fmt::format("inflates to {} bytes, at most {} are read", member.bytes, limits::inflatedEntry));
        const ArrayHeader header = readHeader(take, member.bytes, fail);
        Storage record;
        record.encoding = member.deflated ? Storage::Encoding::Deflated : Storage::Encoding::Stored;
        record.hasChecksum = true;
        record.checksum = member.checksum;
        record.offset = member.offset;
        record.storedBytes = member.storedBytes;
        record.recordBytes = member.bytes;
        record.name = part;
        addArray(content, header, std::move(record), {{member.name.substr(0, member.name.size() - 4)}}, fail);
    }
}

} // namespace rekey
