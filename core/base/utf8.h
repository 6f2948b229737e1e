// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rekey {

/// Whether the text is well-formed UTF-8; lone surrogates, which Python can write, pass when `surrogates` is set.
bool isUtf8(std::string_view text, bool surrogates = false);
void appendUtf8(std::string &text, std::uint32_t code);
/// Bytes read as Latin-1.
std::string utf8FromLatin1(std::string_view bytes);

} // namespace rekey
