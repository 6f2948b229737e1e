// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/picklefile.h"

#include "core/base/bytereader.h"

#include <fmt/format.h>

namespace rekey {

void PickleFile::reportGlobals()
{
    for (GlobalUse &use : graph.globals) {
        if (use.grade == Grade::Dangerous)
            warn(fmt::format("{} {} {}, which could run code if Python loaded it; nothing was run", part,
                             use.called ? "would call" : "names", displayText(use.module + "." + use.name)));
        content.globals.push_back(std::move(use));
    }
    graph.globals.clear();
}

std::uint32_t addInlineStorage(PickleFile &file, std::string_view bytes, bool bigEndian)
{
    file.budget.take(sizeof(Storage));
    Storage &storage = file.content.storages.emplace_back();
    storage.bigEndian = bigEndian;
    storage.bytes = storage.storedBytes = storage.recordBytes = bytes.size();
    if (const auto offset = file.source.offsetOf(bytes)) {
        storage.encoding = Storage::Encoding::Stored;
        storage.offset = *offset;
    } else {
        file.budget.take(bytes.size());
        const auto run = std::as_bytes(std::span(bytes.data(), bytes.size()));
        storage.encoding = Storage::Encoding::Memory;
        storage.memory = std::make_shared<const std::vector<std::byte>>(run.begin(), run.end());
    }
    return static_cast<std::uint32_t>(file.content.storages.size() - 1);
}

std::string_view shownType(PickleValue value)
{
    using Type = PickleValue::Type;
    switch (value.type) {
    case Type::None: return "none";
    case Type::Bool: return "bool";
    case Type::Integer:
    case Type::BigInteger: return "int";
    case Type::Float: return "float";
    case Type::Text: return "str";
    case Type::Bytes: return "bytes";
    case Type::ByteArray: return "bytearray";
    case Type::List: return "list";
    case Type::Tuple: return "tuple";
    case Type::Dict: return "dict";
    case Type::Set: return "set";
    case Type::FrozenSet: return "frozenset";
    case Type::Global: return "global";
    case Type::Call: return "object";
    case Type::Persistent: return "storage";
    case Type::Mark: break;
    }
    return "?";
}

namespace {

std::string hexadecimal(std::string_view bytes)
{
    constexpr std::size_t shown = 1024;
    std::string text;
    for (const char byte : bytes.substr(0, shown))
        text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return bytes.size() > shown ? text + "…" : text;
}

std::string cutText(std::string text)
{
    if (text.size() <= limits::shownText)
        return text;
    std::size_t end = limits::shownText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
        --end; // not inside a character
    text.resize(end);
    return text + "…";
}

/// The first few values of a tuple or set, in Python's notation.
std::string shownItems(const PickleFile &file, PickleValue container)
{
    constexpr std::size_t most = 16;
    std::string text;
    const auto &items = file.graph.items(container);
    for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
        const bool quoted = items[i].is(PickleValue::Type::Text);
        const std::string item = items[i].isContainer() ? fmt::format("{}({})", shownType(items[i]), file.graph.items(items[i]).size())
                                                        : shownValue(file, items[i]);
        text += fmt::format("{}{}{}{}", i == 0 ? "" : ", ", quoted ? "'" : "", item, quoted ? "'" : "");
    }
    return items.size() > most ? text + ", …" : text;
}

} // namespace

std::string shownValue(const PickleFile &file, PickleValue value)
{
    using Type = PickleValue::Type;
    switch (value.type) {
    case Type::None: return "None";
    case Type::Bool: return value.integer ? "True" : "False";
    case Type::Integer: return std::to_string(value.integer);
    case Type::BigInteger: return std::string(value.text());
    case Type::Float: return fmt::format("{}", value.real);
    case Type::Text: {
        // Cut before it is copied: one long text can be referred to a million times.
        PickleValue start = value;
        start.index = static_cast<std::uint32_t>(std::min<std::size_t>(value.index, limits::shownText + 1));
        return cutText(pickleText(start));
    }
    case Type::Bytes:
    case Type::ByteArray: return hexadecimal(value.text());
    case Type::List: return "[" + shownItems(file, value) + "]";
    case Type::Tuple: return "(" + shownItems(file, value) + ")";
    case Type::Set:
    case Type::FrozenSet: return "{" + shownItems(file, value) + "}";
    case Type::Dict: return file.graph.items(value).empty() ? "{}" : "{…}";
    case Type::Global:
    case Type::Call: return file.graph.fullName(value);
    default: return {};
    }
}

} // namespace rekey
