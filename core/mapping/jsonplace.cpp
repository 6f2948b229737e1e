// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/jsonplace.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace rekey {

namespace {

/// Steps over well-formed JSON without building anything: parsers keep no positions.
class Scanner
{
public:
    explicit Scanner(std::string_view text)
        : m_text(text)
    {
    }

    std::size_t at() const { return m_at; }

    char peek()
    {
        while (m_at < m_text.size() && std::string_view(" \t\r\n,:").find(m_text[m_at]) != std::string_view::npos)
            ++m_at;
        return m_at < m_text.size() ? m_text[m_at] : '\0';
    }

    std::string_view takeString()
    {
        const std::size_t begin = m_at + 1;
        for (++m_at; m_at < m_text.size() && m_text[m_at] != '"'; ++m_at)
            m_at += m_text[m_at] == '\\' ? 1 : 0;
        const std::string_view content = m_text.substr(begin, std::min(m_at, m_text.size()) - begin);
        ++m_at;
        return content;
    }

    void enter() { ++m_at; }

    void skipValue()
    {
        int depth = 0;
        do {
            const char c = peek();
            if (c == '\0')
                return;
            if (c == '"') {
                takeString();
            } else if (c == '{' || c == '[') {
                ++depth;
                ++m_at;
            } else if (c == '}' || c == ']') {
                --depth;
                ++m_at;
            } else {
                m_at = std::min(m_text.find_first_of(",]} \t\r\n", m_at), m_text.size());
            }
        } while (depth > 0);
    }

    /// Moves to member `name` of the object that begins here.
    bool findMember(std::string_view name)
    {
        if (peek() != '{')
            return false;
        const std::size_t begin = m_at;
        for (enter(); peek() == '"';) {
            if (takeString() == name)
                return peek() != '\0';
            peek();
            skipValue();
        }
        m_at = begin;
        return false;
    }

    bool findElement(std::size_t index)
    {
        if (peek() != '[')
            return false;
        const std::size_t begin = m_at;
        enter();
        for (char c = peek(); c != ']' && c != '\0'; c = peek()) {
            if (index-- == 0)
                return true;
            skipValue();
        }
        m_at = begin;
        return false;
    }

private:
    std::string_view m_text;
    std::size_t m_at = 0;
};

} // namespace

std::string jsonPathText(const JsonPath &path)
{
    std::string text;
    for (const auto &step : path) {
        if (const std::size_t *index = std::get_if<std::size_t>(&step))
            text += fmt::format("[{}]", *index);
        else
            text += (text.empty() ? "" : ".") + std::get<std::string>(step);
    }
    return text;
}

std::string positionText(const TextPosition &position)
{
    return fmt::format("line {}, column {}", position.line, position.column);
}

TextPosition positionOfByte(std::string_view text, std::size_t byte)
{
    TextPosition position;
    for (const char c : text.substr(0, std::min(byte, text.size()))) {
        if (c == '\n')
            position = {position.line + 1, 1};
        else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) // bytes that continue a UTF-8 character do not count
            ++position.column;
    }
    return position;
}

TextPosition positionOfJsonPath(std::string_view json, const JsonPath &path)
{
    Scanner scanner(json);
    scanner.peek();
    for (const auto &step : path) {
        const std::size_t *index = std::get_if<std::size_t>(&step);
        if (!(index ? scanner.findElement(*index) : scanner.findMember(std::get<std::string>(step))))
            break;
    }
    return positionOfByte(json, scanner.at());
}

std::optional<RepeatedField> repeatedField(std::string_view json)
{
    Scanner scanner(json);
    std::vector<std::set<std::string_view>> open; // fields of the objects that are open; one without any for a list
    std::vector<bool> isObject;
    for (char c = scanner.peek(); c != '\0'; c = scanner.peek()) {
        if (c == '{' || c == '[') {
            open.emplace_back();
            isObject.push_back(c == '{');
            scanner.enter();
        } else if ((c == '}' || c == ']') && !open.empty()) {
            open.pop_back();
            isObject.pop_back();
            scanner.enter();
        } else if (c == '"' && !isObject.empty() && isObject.back()) {
            const std::size_t at = scanner.at();
            const std::string_view name = scanner.takeString();
            if (!open.back().insert(name).second)
                return RepeatedField{std::string(name), positionOfByte(json, at)};
            const char value = scanner.peek();
            if (value != '{' && value != '[')
                scanner.skipValue();
        } else {
            scanner.skipValue();
        }
    }
    return std::nullopt;
}

} // namespace rekey
