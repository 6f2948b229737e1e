// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/pattern.h"

#include "core/mapping/patterntokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace rekey {

namespace {

using Token = PatternToken;
using Kind = PatternValue::Kind;

/// More is never needed by a pattern that a person wrote; a hostile one ends here without a match.
constexpr int mostSteps = 20'000;
constexpr std::size_t mostDigits = 18;

/// A number as it stands in a key: no sign, no leading zero. False where there is none; advances `at` behind it.
bool readNumber(std::string_view key, std::size_t &at, std::int64_t &number)
{
    std::size_t end = at;
    while (end < key.size() && key[end] >= '0' && key[end] <= '9')
        ++end;
    if (end == at || end - at > mostDigits || (key[at] == '0' && end - at > 1))
        return false;
    std::from_chars(key.data() + at, key.data() + end, number);
    at = end;
    return true;
}

std::optional<std::int64_t> numberOf(const PatternValue &value)
{
    if (value.kind == Kind::Number)
        return value.number;
    std::int64_t number = 0;
    std::size_t at = 0;
    if (value.kind == Kind::Unset || !readNumber(value.text, at, number) || at != value.text.size())
        return std::nullopt;
    return number;
}

/// Walks tokens and key together, backtracking over the length of text variables.
class Matcher
{
public:
    Matcher(const Pattern::Compiled &pattern, std::string_view key, std::span<PatternValue> values)
        : m_pattern(pattern)
        , m_key(key)
        , m_values(values)
    {
    }

    bool match(std::size_t index, std::size_t at)
    {
        if (++m_steps > mostSteps)
            return false;
        if (index == m_pattern.tokens.size())
            return at == m_key.size();
        const Token &token = m_pattern.tokens[index];
        switch (token.kind) {
        case Token::Kind::Literal:
            return matchText(token.text, index, at);
        case Token::Kind::Number:
            return matchNumber(token, index, at);
        case Token::Kind::Choice:
            return matchChoice(token, index, at);
        case Token::Kind::Segment:
        case Token::Kind::Rest:
            break;
        }
        return matchVariable(token, index, at);
    }

private:
    bool matchText(std::string_view text, std::size_t index, std::size_t at)
    {
        return m_key.substr(at).starts_with(text) && match(index + 1, at + text.size());
    }

    bool set(std::size_t slot, std::int64_t number)
    {
        PatternValue &value = m_values[slot];
        if (value.kind == Kind::Number)
            return value.number == number;
        value = {Kind::Number, number, {}};
        return true;
    }

    bool solve(const Token &token, std::int64_t number)
    {
        number -= token.constant;
        if (token.terms.size() == 1) {
            const auto [factor, slot] = token.terms.front();
            return number % factor == 0 && number / factor >= 0 && set(slot, number / factor);
        }
        for (const auto &[factor, slot] : token.terms) {
            if (number < 0 || !set(slot, number / factor))
                return false;
            number %= factor;
        }
        return number == 0;
    }

    bool matchNumber(const Token &token, std::size_t index, std::size_t at)
    {
        std::int64_t number = 0;
        if (!readNumber(m_key, at, number))
            return false;
        std::array<PatternValue, mostTerms> saved;
        for (std::size_t i = 0; i < token.terms.size(); ++i)
            saved[i] = m_values[token.terms[i].slot];
        if (solve(token, number) && match(index + 1, at))
            return true;
        for (std::size_t i = 0; i < token.terms.size(); ++i)
            m_values[token.terms[i].slot] = saved[i];
        return false;
    }

    bool matchChoice(const Token &token, std::size_t index, std::size_t at)
    {
        PatternValue &value = m_values[token.slot];
        if (value.kind == Kind::Choice)
            return matchText(token.alternatives[static_cast<std::size_t>(value.number)], index, at);
        const std::vector<std::string> &names = m_pattern.slots[token.slot].alternatives;
        for (std::size_t i = 0; i < token.alternatives.size(); ++i) {
            value = {Kind::Choice, static_cast<std::int64_t>(i), names[i]};
            if (matchText(token.alternatives[i], index, at))
                return true;
        }
        value = {};
        return false;
    }

    bool matchVariable(const Token &token, std::size_t index, std::size_t at)
    {
        PatternValue &value = m_values[token.slot];
        if (value.kind == Kind::Text)
            return matchText(value.text, index, at);
        const bool rest = token.kind == Token::Kind::Rest;
        if (rest && at > 0 && !isKeySeparator(m_key[at - 1]))
            return false;
        const std::size_t longest = rest ? m_key.size() : std::min(m_key.find_first_of("./", at), m_key.size());
        const bool last = index + 1 == m_pattern.tokens.size();
        for (std::size_t end = longest; end > at; --end) {
            if (rest && end < m_key.size() && !isKeySeparator(m_key[end]))
                continue;
            value = {Kind::Text, 0, m_key.substr(at, end - at)};
            if (match(index + 1, end))
                return true;
            if (last)
                break;
        }
        value = {};
        return false;
    }

    const Pattern::Compiled &m_pattern;
    std::string_view m_key;
    std::span<PatternValue> m_values;
    int m_steps = 0;
};

bool expandNumber(const Token &token, std::span<const PatternValue> values, std::string &key)
{
    std::int64_t sum = token.constant;
    for (const auto &[factor, slot] : token.terms) {
        const std::optional<std::int64_t> number = numberOf(values[slot]);
        std::int64_t product = 0;
        if (!number || __builtin_mul_overflow(factor, *number, &product) || __builtin_add_overflow(sum, product, &sum))
            return false;
    }
    if (sum < 0)
        return false;
    fmt::format_to(std::back_inserter(key), "{}", sum);
    return true;
}

bool expandChoice(const Token &token, const PatternValue &value, std::string &key)
{
    if (value.kind == Kind::Choice) {
        const auto position = static_cast<std::size_t>(value.number);
        if (position >= token.alternatives.size())
            return false;
        key += token.alternatives[position];
        return true;
    }
    const std::string number = value.kind == Kind::Number ? fmt::format("{}", value.number) : std::string();
    const std::string_view text = value.kind == Kind::Number ? std::string_view(number) : value.text;
    if (value.kind == Kind::Unset || std::ranges::find(token.alternatives, text) == token.alternatives.end())
        return false;
    key += text;
    return true;
}

} // namespace

const Pattern::Compiled &Pattern::compiled() const
{
    static const Compiled empty;
    return m_compiled ? *m_compiled : empty;
}

const std::string &Pattern::text() const
{
    return compiled().text;
}

const std::vector<Pattern::Variable> &Pattern::slots() const
{
    return compiled().slots;
}

const std::string &Pattern::literalPrefix() const
{
    return compiled().prefix;
}

bool Pattern::isLiteral() const
{
    return compiled().slots.empty();
}

std::vector<std::string> Pattern::variables() const
{
    std::vector<std::string> names;
    for (const Variable &variable : slots())
        names.push_back(variable.name);
    return names;
}

std::vector<Pattern::Piece> Pattern::pieces() const
{
    std::vector<Piece> pieces;
    for (const Token &token : compiled().tokens)
        pieces.push_back({token.begin, token.end, token.kind != Token::Kind::Literal});
    return pieces;
}

bool Pattern::match(std::string_view key, std::span<PatternValue> values) const
{
    const Compiled &pattern = compiled();
    if (!key.starts_with(pattern.prefix) || !key.ends_with(pattern.suffix))
        return false;
    std::ranges::fill(values, PatternValue());
    return Matcher(pattern, key, values).match(0, 0);
}

std::optional<Binding> Pattern::match(std::string_view key) const
{
    std::vector<PatternValue> values(slots().size());
    if (!match(key, values))
        return std::nullopt;
    Binding binding;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].kind == Kind::Number)
            binding.emplace(slots()[i].name, values[i].number);
        else
            binding.emplace(slots()[i].name, std::string(values[i].text));
    }
    return binding;
}

bool Pattern::expand(std::span<const PatternValue> values, std::string &key) const
{
    for (const Token &token : compiled().tokens) {
        switch (token.kind) {
        case Token::Kind::Literal:
            key += token.text;
            break;
        case Token::Kind::Number:
            if (!expandNumber(token, values, key))
                return false;
            break;
        case Token::Kind::Choice:
            if (!expandChoice(token, values[token.slot], key))
                return false;
            break;
        case Token::Kind::Segment:
        case Token::Kind::Rest: {
            const PatternValue &value = values[token.slot];
            if (value.kind == Kind::Unset)
                return false;
            if (value.kind == Kind::Number)
                fmt::format_to(std::back_inserter(key), "{}", value.number);
            else
                key += value.text;
            break;
        }
        }
    }
    return true;
}

std::optional<std::string> Pattern::expand(const Binding &binding) const
{
    std::vector<PatternValue> values(slots().size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto found = binding.find(slots()[i].name);
        if (found == binding.end())
            return std::nullopt;
        if (const std::int64_t *number = std::get_if<std::int64_t>(&found->second)) {
            values[i] = {Kind::Number, *number, {}};
            continue;
        }
        const std::string &text = std::get<std::string>(found->second);
        values[i] = {Kind::Text, 0, text};
        if (slots()[i].kind == VariableKind::Choice) {
            const auto &names = slots()[i].alternatives;
            const auto position = std::ranges::find(names, text);
            if (position == names.end())
                return std::nullopt;
            values[i] = {Kind::Choice, position - names.begin(), text};
        }
    }
    std::string key;
    if (!expand(values, key))
        return std::nullopt;
    return key;
}

} // namespace rekey
