// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rekey {

/// Where a value lies in a JSON document.
using JsonPath = std::vector<std::variant<std::string, std::size_t>>;

/// "rules[3].sources[0]"
std::string jsonPathText(const JsonPath &path);
/// Line (from 1) on which the value begins, in a text that has been parsed already; that of the nearest container where
/// the path leads nowhere.
std::size_t lineOfJsonPath(std::string_view json, const JsonPath &path);
/// Line (from 1) of a byte offset.
std::size_t lineOfByte(std::string_view text, std::size_t byte);

} // namespace rekey
