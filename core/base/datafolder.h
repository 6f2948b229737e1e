// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace rekey {

/// A small text that is compiled into the core library: "lexicon.json", "architectures/sam.json" (a path below
/// resources/). Empty view when there is none.
std::string_view resource(std::string_view name);
/// Names of all compiled-in resources that begin with `prefix`.
std::vector<std::string_view> resources(std::string_view prefix);

/// The demo's files: $REKEY_DATA_DIR/demo, else share/rekey/demo beside the installed program, else resources/demo of
/// the source tree this was built from. Throws Error when there is none.
std::filesystem::path demoFolder();

} // namespace rekey
