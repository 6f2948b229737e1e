// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace rekey {

enum ExitCode : int {
    ExitDone = 0,
    ExitFindings = 1, ///< done, and there is something to look at: differences, open keys
    ExitUsage = 2,
    ExitUnreadable = 3, ///< an input cannot be read or an output not written
    ExitCancelled = 130, ///< Ctrl+C, as shells count it
};

/// One sentence on stderr, after "rekey: ". Clears a progress line first.
void printError(std::string_view sentence);
void printWarning(std::string_view sentence);
/// To stdout, in one piece.
void printText(std::string_view text);
/// A JSON object on stdout, a line a member and a line a row of tables; text that is not UTF-8 is replaced. Member names
/// are the program's own.
void printJson(const nlohmann::ordered_json &value);

/// Progress on stderr: on a terminal one line that rewrites itself after 0.3 s; elsewhere a line every ten seconds.
/// Stops on Ctrl+C.
Progress terminalProgress();

/// "8.7 MiB".
std::string bytesText(std::uint64_t bytes);
/// "2,268,008".
std::string countText(std::uint64_t count);
/// "594 keys", "1 key".
std::string countText(std::uint64_t count, std::string_view noun);
/// "41 ms", "1.2 s".
std::string durationText(double milliseconds);

} // namespace rekey
