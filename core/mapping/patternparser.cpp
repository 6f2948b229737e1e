// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/patterntokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rekey {

namespace {

using Token = PatternToken;

constexpr std::int64_t largestConstant = 1'000'000'000;

bool isLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isName(std::string_view text)
{
    return !text.empty() && (isLetter(text[0]) || text[0] == '_')
        && std::ranges::all_of(text, [](char c) { return isLetter(c) || isDigit(c) || c == '_'; });
}

/// `rest`, `rest2` …
bool isRestName(std::string_view name)
{
    return name.starts_with("rest") && std::ranges::all_of(name.substr(4), isDigit);
}

class Parser
{
public:
    explicit Parser(std::string_view text)
        : m_text(text)
    {
    }

    std::shared_ptr<const Pattern::Compiled> parse()
    {
        while (m_at < m_text.size()) {
            if (m_text[m_at] == '{' && !doubled('{'))
                parseVariable();
            else
                parseLiteral();
        }
        shareAlternatives();
        checkNeighbours();
        m_result.text = m_text;
        if (!m_result.tokens.empty() && m_result.tokens.front().kind == Token::Kind::Literal)
            m_result.prefix = m_result.tokens.front().text;
        if (m_result.tokens.size() > 1 && m_result.tokens.back().kind == Token::Kind::Literal)
            m_result.suffix = m_result.tokens.back().text;
        return std::make_shared<const Pattern::Compiled>(std::move(m_result));
    }

private:
    bool doubled(char brace) const { return m_at + 1 < m_text.size() && m_text[m_at] == brace && m_text[m_at + 1] == brace; }

    void parseLiteral()
    {
        Token token;
        token.begin = m_at;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at];
            if (doubled('{') || doubled('}'))
                ++m_at;
            else if (c == '{')
                break;
            else if (c == '}')
                throw PatternError(m_at, "'{' before this '}'; a brace of the key itself is written '}}'");
            token.text += c;
            ++m_at;
        }
        token.end = m_at;
        m_result.tokens.push_back(std::move(token));
    }

    void parseVariable()
    {
        Token token;
        token.begin = m_at;
        const std::size_t inside = ++m_at;
        while (m_at < m_text.size() && m_text[m_at] != '}')
            ++m_at;
        if (m_at == m_text.size())
            throw PatternError(token.begin, "'}' to close this '{'; a brace of the key itself is written '{{'");
        const std::string_view body = m_text.substr(inside, m_at - inside);
        token.end = ++m_at;
        if (const std::size_t colon = body.find(':'); colon != std::string_view::npos)
            parseChoice(token, body, colon, inside);
        else if (body.size() > 1 && isName(body))
            parseText(token, body);
        else
            parseExpression(token, body, inside);
        m_result.tokens.push_back(std::move(token));
    }

    void parseText(Token &token, std::string_view name)
    {
        const bool rest = isRestName(name);
        token.kind = rest ? Token::Kind::Rest : Token::Kind::Segment;
        token.slot = slot(name, rest ? Pattern::VariableKind::Rest : Pattern::VariableKind::Segment, token.begin);
    }

    void parseChoice(Token &token, std::string_view body, std::size_t colon, std::size_t inside)
    {
        const std::string_view name = body.substr(0, colon);
        if (!isName(name))
            throw PatternError(inside, "a name of letters, digits and '_' before ':'");
        std::size_t begin = colon + 1;
        while (begin <= body.size()) {
            const std::size_t end = std::min(body.find('|', begin), body.size());
            const std::string_view alternative = body.substr(begin, end - begin);
            if (alternative.find('{') != std::string_view::npos)
                throw PatternError(inside + begin, "plain text as an alternative, without braces");
            if (std::ranges::find(token.alternatives, alternative) != token.alternatives.end())
                throw PatternError(inside + begin, fmt::format("each alternative once; '{}' is listed twice", alternative));
            token.alternatives.emplace_back(alternative);
            begin = end + 1;
        }
        token.kind = Token::Kind::Choice;
        token.slot = slot(name, Pattern::VariableKind::Choice, token.begin);
        std::vector<std::string> &first = m_result.slots[token.slot].alternatives;
        if (first.empty())
            first = token.alternatives;
        else if (first.size() != token.alternatives.size())
            throw PatternError(inside, fmt::format("as many alternatives as '{}' has before ({})", name, first.size()));
    }

    /// term (('+' | '-') term)*, a term being a number, a letter, or both joined by '*'.
    void parseExpression(Token &token, std::string_view body, std::size_t inside)
    {
        constexpr auto expected = "a variable: one letter for a number ({i}, {i+1}, {3*i+j}), a longer name for text ({leaf})";
        if (body.empty())
            throw PatternError(inside, expected);
        token.kind = Token::Kind::Number;
        std::size_t at = 0;
        std::int64_t sign = 1;
        while (true) {
            std::int64_t number = 1;
            char letter = 0;
            for (bool more = true; more;) {
                if (at < body.size() && isDigit(body[at]))
                    number *= readNumber(body, at, inside);
                else if (at < body.size() && isLetter(body[at]) && letter == 0)
                    letter = body[at++];
                else
                    throw PatternError(inside + at, expected);
                more = at < body.size() && body[at] == '*' && number <= largestConstant;
                at += more ? 1 : 0;
            }
            if (letter == 0)
                token.constant += sign * number;
            else
                token.terms.push_back({sign * number, slot({&letter, 1}, Pattern::VariableKind::Number, token.begin)});
            if (at == body.size())
                break;
            if (body[at] != '+' && body[at] != '-')
                throw PatternError(inside + at, "'+', '-', '*' or '}' here; names of text variables have two letters or more");
            sign = body[at] == '-' ? -1 : 1;
            ++at;
        }
        checkTerms(token, inside);
    }

    std::int64_t readNumber(std::string_view body, std::size_t &at, std::size_t inside)
    {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(body.data() + at, body.data() + body.size(), number);
        if (error != std::errc() || number > largestConstant)
            throw PatternError(inside + at, fmt::format("a number up to {}", largestConstant));
        at = static_cast<std::size_t>(end - body.data());
        return number;
    }

    void checkTerms(Token &token, std::size_t inside)
    {
        std::ranges::sort(token.terms, [](const Token::Term &a, const Token::Term &b) { return a.factor > b.factor; });
        if (token.terms.empty())
            throw PatternError(inside, "a letter in the expression; a fixed number is written without braces");
        for (std::size_t i = 0; i < token.terms.size(); ++i) {
            const std::int64_t factor = token.terms[i].factor;
            if (i == mostTerms)
                throw PatternError(inside, fmt::format("at most {} variables in one expression", mostTerms));
            if (factor == 0)
                throw PatternError(inside, "a factor other than 0");
            if (factor > largestConstant || factor < -largestConstant)
                throw PatternError(inside, fmt::format("a factor up to {}", largestConstant));
            if (token.terms.size() > 1 && (factor < 0 || (i > 0 && factor == token.terms[i - 1].factor)))
                throw PatternError(inside, "different positive factors ({3*i+j}), so that the variables can be told apart");
        }
    }

    std::size_t slot(std::string_view name, Pattern::VariableKind kind, std::size_t position)
    {
        const auto found = std::ranges::find(m_result.slots, name, &Pattern::Variable::name);
        if (found == m_result.slots.end()) {
            m_result.slots.push_back({std::string(name), kind, {}});
            return m_result.slots.size() - 1;
        }
        const bool oneIsChoice = kind == Pattern::VariableKind::Choice || found->kind == Pattern::VariableKind::Choice;
        if (found->kind != kind && (!oneIsChoice || kind == Pattern::VariableKind::Number || found->kind == Pattern::VariableKind::Number))
            throw PatternError(position, fmt::format("'{}' to be one kind of variable in the whole pattern", name));
        if (oneIsChoice)
            found->kind = Pattern::VariableKind::Choice;
        return static_cast<std::size_t>(found - m_result.slots.begin());
    }

    /// {x:a|b} … {x}: the second one stands for the same alternatives.
    void shareAlternatives()
    {
        for (Token &token : m_result.tokens) {
            const bool text = token.kind == Token::Kind::Segment || token.kind == Token::Kind::Rest;
            if (text && m_result.slots[token.slot].kind == Pattern::VariableKind::Choice) {
                token.kind = Token::Kind::Choice;
                token.alternatives = m_result.slots[token.slot].alternatives;
            }
        }
    }

    void checkNeighbours() const
    {
        const std::vector<Token> &tokens = m_result.tokens;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            const Token &token = tokens[i];
            const Token *before = i > 0 ? &tokens[i - 1] : nullptr;
            const Token *after = i + 1 < tokens.size() ? &tokens[i + 1] : nullptr;
            const auto isText = [](const Token *t) { return t && (t->kind == Token::Kind::Segment || t->kind == Token::Kind::Rest); };
            if (isText(&token) && isText(before))
                throw PatternError(token.begin, "text between two variables, so that they can be told apart");
            if (token.kind == Token::Kind::Number && before && before->kind == Token::Kind::Number)
                throw PatternError(token.begin, "text between two numbers, so that they can be told apart");
            if (token.kind != Token::Kind::Rest)
                continue;
            if (before && (before->kind == Token::Kind::Number
                           || (before->kind == Token::Kind::Literal && !isKeySeparator(before->text.back()))))
                throw PatternError(token.begin, "'.' before this variable: it stands for whole segments");
            if (after && (after->kind == Token::Kind::Number
                          || (after->kind == Token::Kind::Literal && !isKeySeparator(after->text.front()))))
                throw PatternError(token.end, "'.' after this variable: it stands for whole segments");
        }
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    Pattern::Compiled m_result;
};

} // namespace

PatternError::PatternError(std::size_t position, const std::string &expected)
    : std::runtime_error(fmt::format("at character {}: expected {}", position + 1, expected))
    , m_position(position)
{
}

Pattern Pattern::parse(std::string_view text)
{
    Pattern pattern;
    pattern.m_compiled = Parser(text).parse();
    return pattern;
}

Pattern Pattern::literal(std::string_view key)
{
    std::string text;
    for (const char c : key) {
        text += c;
        if (c == '{' || c == '}')
            text += c;
    }
    return parse(text);
}

} // namespace rekey
