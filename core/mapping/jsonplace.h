// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rekey {

/// Where a value lies in a JSON document.
using JsonPath = std::vector<std::variant<std::string, std::size_t>>;

/// "rules[3].sources[0]"
std::string jsonPathText(const JsonPath &path);
/// A place in a text as editors count: from 1, columns in characters.
struct TextPosition
{
    std::size_t line = 1, column = 1;
    bool operator==(const TextPosition &) const = default;
};
/// "line 3, column 14"
std::string positionText(const TextPosition &position);
TextPosition positionOfByte(std::string_view text, std::size_t byte);
/// Where the value begins, in a text that has been parsed already; where the nearest container does if the path leads nowhere.
TextPosition positionOfJsonPath(std::string_view json, const JsonPath &path);

/// The first field that an object has twice, in a text that has been parsed already: parsers keep the last one silently.
struct RepeatedField
{
    std::string name;
    TextPosition position;
};
std::optional<RepeatedField> repeatedField(std::string_view json);

} // namespace rekey
