// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rekey {

/// A pattern text that cannot be parsed; `position` is the byte offset to underline.
class PatternError : public std::runtime_error
{
public:
    PatternError(std::size_t position, const std::string &expected);
    std::size_t position() const { return m_position; }

private:
    std::size_t m_position;
};

/// What a key gave the variables of a pattern.
using Binding = std::map<std::string, std::variant<std::int64_t, std::string>, std::less<>>;

/// A key with its variable parts in braces.
///
///     {i}               one letter: a number, within or as a segment ("norm{n}", "blocks.{i}")
///     {leaf}            longer name: one segment, or the part of one (no '.' and no '/')
///     {rest}            `rest`, `rest2` …: one or more whole segments
///     {leaf:weight|bias}   one of the alternatives, which may contain dots; the same variable on the other side may
///                       list as many alternatives of its own ({x:q|k|v} -> {x:query|key|value}): matched by position
///     {i+1} {3-i} {3*i+j}  arithmetic on numbers, solved when matching (the smaller variable is the remainder)
///     {{ }}             a brace itself
///
/// All else is literal. A variable that occurs twice must have the same value.
class Pattern
{
public:
    Pattern() = default;
    /// Throws PatternError.
    static Pattern parse(std::string_view text);
    /// The pattern that matches exactly this key.
    static Pattern literal(std::string_view key);

    const std::string &text() const { return m_text; }
    bool operator==(const Pattern &other) const { return m_text == other.m_text; }

    std::optional<Binding> match(std::string_view key) const;
    /// The key for a binding; nothing when a variable is missing, an alternative unknown, or a number negative.
    std::optional<std::string> expand(const Binding &binding) const;
    std::vector<std::string> variables() const;
    bool isLiteral() const;

    /// Pieces in order, for colouring: text()[begin, end) is one literal run or one {…}.
    struct Piece { std::size_t begin, end; bool variable; };
    std::vector<Piece> pieces() const;

private:
    struct Token;
    std::string m_text;
    std::vector<Token> m_tokens;

public:
    // Token is complete only in pattern.cpp.
    Pattern(const Pattern &);
    Pattern(Pattern &&) noexcept;
    Pattern &operator=(const Pattern &);
    Pattern &operator=(Pattern &&) noexcept;
    ~Pattern();
};

} // namespace rekey
