// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <vector>

namespace rekey {

/// Keys written short, as a shell would expand them: "blocks.{0..11}.norm{1,2}.{weight,bias}". Together they stand for
/// exactly these keys, in the order of the first key of each. Keys must hold no braces.
std::vector<std::string> braceTexts(std::span<const std::string> keys);

} // namespace rekey
