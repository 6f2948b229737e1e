// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace rekey {

bool isSubcommand(std::string_view word);

/// Parses the arguments, runs the subcommand and returns the program's exit code. The one place where errors become
/// sentences.
int runCommandLine(int argc, char **argv);

} // namespace rekey
