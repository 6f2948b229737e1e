// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
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

/// The same for one variable, by slot and without copies: `text` is a view into the key or the pattern.
struct PatternValue
{
    enum class Kind : std::uint8_t { Unset, Number, Text, Choice };
    Kind kind = Kind::Unset;
    std::int64_t number = 0; ///< Number: the value. Choice: the position of the alternative
    std::string_view text;   ///< Text and Choice
};

/// A key with its variable parts in braces.
///
///     {i}               one letter: a number, within or as a segment ("norm{n}", "blocks.{i}"); no leading zeros
///     {leaf}            longer name: one segment, or the part of one (no '.' and no '/')
///     {rest}            `rest`, `rest2` …: one or more whole segments
///     {leaf:weight|bias}   one of the alternatives, which may contain dots or be empty; the same variable on the other
///                       side may list as many alternatives of its own ({x:q|k|v} -> {x:query|key|value}): matched by
///                       position
///     {i+1} {3-i} {3*i+j}  arithmetic on numbers, solved when matching (the smaller variable is the remainder)
///     {{ }}             a brace itself
///
/// All else is literal. A variable that occurs twice must have the same value. Where several ways of matching exist,
/// earlier variables take as much as they can. Copies share their compiled form; immutable and thread-safe.
class Pattern
{
public:
    enum class VariableKind : std::uint8_t { Number, Segment, Rest, Choice };
    struct Variable
    {
        std::string name;
        VariableKind kind = VariableKind::Number;
        std::vector<std::string> alternatives; ///< of a choice: the list of its first occurrence
    };

    Pattern() = default;
    /// Throws PatternError.
    static Pattern parse(std::string_view text);
    /// The pattern that matches exactly this key.
    static Pattern literal(std::string_view key);

    const std::string &text() const;
    bool operator==(const Pattern &other) const { return text() == other.text(); }

    std::optional<Binding> match(std::string_view key) const;
    /// The key for a binding; nothing when a variable is missing, an alternative unknown, or a number negative.
    std::optional<std::string> expand(const Binding &binding) const;
    std::vector<std::string> variables() const;
    bool isLiteral() const;

    /// Pieces in order, for colouring: text()[begin, end) is one literal run or one {…}.
    struct Piece { std::size_t begin, end; bool variable; };
    std::vector<Piece> pieces() const;

    // The same by slot, for loops over many keys. `values` has one element for each of slots().
    const std::vector<Variable> &slots() const; ///< in order of first occurrence
    bool match(std::string_view key, std::span<PatternValue> values) const;
    /// Appends the key. False, with `key` in an unspecified state, where the other expand() gives nothing.
    bool expand(std::span<const PatternValue> values, std::string &key) const;
    /// What every matching key begins with.
    const std::string &literalPrefix() const;

    struct Compiled; ///< complete in patterntokens.h
    const Compiled &compiled() const;

private:
    std::shared_ptr<const Compiled> m_compiled; ///< null: the empty pattern
};

} // namespace rekey
