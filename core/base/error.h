// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace rekey {

/// An input that cannot be read, an output that cannot be written, or a request that makes no sense.
/// what() is the one sentence shown to people: "FILE: PART: reason (found, expected)".
class Error : public std::runtime_error
{
public:
    /// `file` and `part` may be empty. All three are shown as they are: text that comes from a file goes
    /// through displayText() first.
    Error(std::string file, std::string part, std::string reason);

    const std::string &file() const { return m_file; }
    const std::string &part() const { return m_part; }
    const std::string &reason() const { return m_reason; }

private:
    std::string m_file;
    std::string m_part;
    std::string m_reason;
};

/// Thrown by Progress when the user asked to stop: an outcome of its own, neither done nor failed.
class Cancelled : public std::exception
{
public:
    const char *what() const noexcept override { return "cancelled"; }
};

/// Text from a file made safe to show: control characters, escape sequences and bidi overrides become
/// visible escapes (\n, \x1b, \u202e), invalid UTF-8 becomes \xNN, more than `limit` characters are cut with "…".
std::string displayText(std::string_view text, std::size_t limit = 80);

} // namespace rekey
