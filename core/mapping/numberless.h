// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace rekey {

/// A key with each number in it lifted out as '#', to speak of repeated blocks once: "layers.11.norm2" is "layers.#.norm#".
std::string numberless(std::string_view key);

} // namespace rekey
