// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string_view>

/// Words of the JSON document (resources/mapping.schema.json describes it).
namespace rekey::mappingformat {

inline constexpr std::string_view name = "rekey-mapping";
inline constexpr int version = 1;
inline constexpr std::array<std::string_view, 3> kindNames = {"map", "drop", "init"};                                  ///< by RuleKind
inline constexpr std::array<std::string_view, 4> stateNames = {"proven", "suggested", "accepted", "to-review"}; ///< by RuleState
inline constexpr std::array<std::string_view, 4> initNames = {"keep", "zeros", "ones", "normal"};                ///< by InitPolicy

} // namespace rekey::mappingformat
