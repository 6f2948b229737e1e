// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <fmt/format.h>

#include <cstdint>

namespace rekey {

namespace {

std::string sentence(const std::string &file, const std::string &part, const std::string &reason)
{
    std::string text;
    for (const std::string *piece : {&file, &part}) {
        if (!piece->empty())
            text += *piece + ": ";
    }
    return text + reason;
}

/// Length of the well-formed UTF-8 sequence at `text[at]` and its code point; 0 where there is none.
std::size_t decodeUtf8(std::string_view text, std::size_t at, std::uint32_t &code)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at);
    if (first < 0x80) {
        code = first;
        return 1;
    }
    const std::size_t length = first >= 0xF0 && first < 0xF5 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
    if (length == 0 || first >= 0xF5 || at + length > text.size())
        return 0;
    code = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (byte(at + i) & 0x3F);
    }
    const bool tooLong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return tooLong || surrogate || code > 0x10FFFF ? 0 : length;
}

/// Characters that change how their neighbours are shown, or that are not shown at all.
bool isInvisible(std::uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x61C || (code >= 0x200B && code <= 0x200F)
        || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF
        || (code >= 0xFFF9 && code <= 0xFFFB) || (code >= 0xE0000 && code <= 0xE0FFF);
}

std::string escaped(std::uint32_t code)
{
    switch (code) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
    }
}

} // namespace

Error::Error(std::string file, std::string part, std::string reason)
    : std::runtime_error(sentence(file, part, reason))
    , m_file(std::move(file))
    , m_part(std::move(part))
    , m_reason(std::move(reason))
{
}

std::string displayText(std::string_view text, std::size_t limit)
{
    std::string shown;
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        if (count == limit)
            return shown + "…";
        std::uint32_t code = 0;
        const std::size_t length = decodeUtf8(text, at, code);
        if (length == 0)
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
        else if (isInvisible(code))
            shown += escaped(code);
        else
            shown += text.substr(at, length);
        at += length == 0 ? 1 : length;
    }
    return shown;
}

} // namespace rekey
