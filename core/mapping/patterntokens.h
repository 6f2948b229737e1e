// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/pattern.h"

namespace rekey {

/// One literal run or one {…} of a pattern.
struct PatternToken
{
    enum class Kind : std::uint8_t { Literal, Number, Segment, Rest, Choice };
    struct Term { std::int64_t factor = 1; std::size_t slot = 0; };

    Kind kind = Kind::Literal;
    std::string text;                      ///< Literal: with braces unescaped
    std::size_t slot = 0;                  ///< Segment, Rest, Choice
    std::vector<Term> terms;               ///< Number: greatest factor first; the sum of terms and constant
    std::int64_t constant = 0;
    std::vector<std::string> alternatives; ///< Choice
    std::size_t begin = 0, end = 0;        ///< in the pattern's text
};

inline constexpr std::size_t mostTerms = 4; ///< in one {…} expression

struct Pattern::Compiled
{
    std::string text;
    std::vector<PatternToken> tokens;
    std::vector<Variable> slots;
    std::string prefix; ///< literal text before the first variable
    std::string suffix; ///< literal text after the last one; empty for literals
};

inline bool isKeySeparator(char c)
{
    return c == '.' || c == '/';
}

} // namespace rekey
