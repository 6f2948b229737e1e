// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/lexicon.h"

#include <algorithm>
#include <cctype>

namespace rekey {

namespace {

std::string join(const Words &words, std::size_t begin, std::size_t end)
{
    std::string text;
    for (std::size_t i = begin; i < end; ++i) {
        if (i > begin)
            text += ' ';
        text += words[i];
    }
    return text;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isNumber(const std::string &word) { return !word.empty() && std::all_of(word.begin(), word.end(), isDigit); }

} // namespace

void Rewriting::add(const Words &from, Words to, bool replace)
{
    m_longest = std::max(m_longest, from.size());
    const auto [rule, isNew] = m_rules.emplace(join(from, 0, from.size()), to);
    if (!isNew && replace)
        rule->second = std::move(to);
}

Words Rewriting::apply(const Words &words) const
{
    Words result;
    for (std::size_t i = 0; i < words.size();) {
        std::size_t used = 0;
        for (std::size_t length = std::min(m_longest, words.size() - i); length > 0 && used == 0; --length) {
            const auto rule = m_rules.find(join(words, i, i + length));
            if (rule == m_rules.end())
                continue;
            result.insert(result.end(), rule->second.begin(), rule->second.end());
            used = length;
        }
        if (used == 0) {
            result.push_back(words[i]);
            used = 1;
        }
        i += used;
    }
    return result;
}

Words splitWords(std::string_view segment)
{
    Words words;
    std::string word;
    const auto flush = [&] {
        if (!word.empty())
            words.push_back(word);
        word.clear();
    };
    for (std::size_t i = 0; i < segment.size(); ++i) {
        const char c = segment[i];
        if (!isDigit(c) && !isUpper(c) && !isLower(c)) {
            flush();
            continue;
        }
        const char before = i > 0 ? segment[i - 1] : '\0';
        const char after = i + 1 < segment.size() ? segment[i + 1] : '\0';
        const bool camel = isUpper(c) && (isLower(before) || (isUpper(before) && isLower(after)));
        if (camel || (!word.empty() && isDigit(c) != isDigit(word.back())))
            flush();
        // "Conv2d": the dimension belongs to the word.
        if (isDigit(c) && after == 'd' && !words.empty() && (i + 2 == segment.size() || !isLower(segment[i + 2]))) {
            word = words.back() + c + 'd';
            words.pop_back();
            flush();
            ++i;
            continue;
        }
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    flush();
    return words;
}

std::vector<std::string> keySegments(std::string_view key)
{
    std::vector<std::string> segments(1);
    for (const char c : key) {
        if (c == '.' || c == '/')
            segments.emplace_back();
        else
            segments.back() += c;
    }
    return segments;
}

Words canonicalWords(const std::vector<std::string> &segments)
{
    const Lexicon &lex = lexicon();
    Words raw;
    for (const auto &segment : segments) {
        if (isNumber(segment))
            raw.push_back("#");
        else
            for (auto &word : splitWords(segment))
                raw.push_back(std::move(word));
    }
    // A segment that is a number separates nothing ("to_out.0"), but must not be counted as a sibling's number.
    std::erase(raw, "#");
    Words words = lex.words.apply(raw);
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (isNumber(words[i + 1]) && lex.ordinal.contains(words[i]))
            words[i + 1] = std::string("@").append(words[i + 1]);
    words = lex.phrases.apply(lex.phrases.apply(words));
    std::erase_if(words, isNumber);
    return words;
}

} // namespace rekey
