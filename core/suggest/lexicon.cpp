// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/lexicon.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>

namespace rekey {

namespace {

using Json = nlohmann::json;

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

Words splitBlanks(const std::string &text)
{
    Words words;
    std::string word;
    for (const char c : text + " ") {
        if (c != ' ') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(word);
            word.clear();
        }
    }
    return words;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool isLower(char c) { return c >= 'a' && c <= 'z'; }
bool isNumber(const std::string &word) { return !word.empty() && std::all_of(word.begin(), word.end(), isDigit); }

template <typename Set>
void addAll(Set &set, const Json &list)
{
    for (const auto &entry : list)
        set.insert(entry.template get<std::string>());
}

void readRewriting(Rewriting &rewriting, const Json &table)
{
    for (const auto &[to, phrases] : table.items())
        for (const auto &from : phrases)
            rewriting.add(splitBlanks(from.get<std::string>()), splitBlanks(to));
}

void readLeaves(Lexicon &lexicon, const Json &json)
{
    for (const auto &[kind, names] : json.at("leaves").items())
        for (const auto &leaf : names)
            lexicon.leafKinds.emplace(leaf.get<std::string>(), kind);
    for (const auto &suffix : json.at("leaf_suffixes"))
        lexicon.leafSuffixes.push_back(suffix.get<std::string>());
    addAll(lexicon.inputFirstLeaves, json.at("input_first").at("leaves"));
    addAll(lexicon.inputFirstModules, json.at("input_first").at("modules"));
}

Lexicon readLexicon(const Json &json)
{
    Lexicon lexicon;
    readLeaves(lexicon, json);
    readRewriting(lexicon.words, json.at("words"));
    readRewriting(lexicon.phrases, json.at("phrases"));
    for (const auto &[from, to] : json.at("gated").at("names").items())
        lexicon.gated.emplace(from, to.get<std::string>());
    addAll(lexicon.ordinal, json.at("ordinal"));
    addAll(lexicon.generic, json.at("generic"));
    for (const auto &[whole, parts] : json.at("fused").items())
        if (parts.is_array())
            lexicon.fused.emplace(whole, parts.get<Words>());
    addAll(lexicon.interleaved, json.at("fused_interleaved").at("names"));
    addAll(lexicon.firstWords, json.at("position_words").at("first"));
    addAll(lexicon.lastWords, json.at("position_words").at("last"));
    for (const auto &pair : json.at("synonyms").at("pairs"))
        lexicon.synonyms.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    for (const auto &twin : json.at("twins").at("words"))
        lexicon.twins.push_back(splitBlanks(twin.get<std::string>()));
    for (const auto &pair : json.at("tied").at("roles"))
        lexicon.tied.emplace_back(splitBlanks(pair.at(0).get<std::string>()), splitBlanks(pair.at(1).get<std::string>()));
    for (const auto &[leaf, reason] : json.at("buffers").at("computed").items())
        lexicon.computed.emplace(leaf, reason.get<std::string>());
    lexicon.maskReason = json.at("buffers").at("mask_like").get<std::string>();
    return lexicon;
}

} // namespace

void Rewriting::add(const Words &from, Words to)
{
    m_longest = std::max(m_longest, from.size());
    m_rules.emplace(join(from, 0, from.size()), std::move(to));
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

const Lexicon &lexicon()
{
    static const Lexicon instance = [] {
        try {
            return readLexicon(Json::parse(resource("lexicon.json")));
        } catch (const Json::exception &e) {
            throw Error("lexicon.json", "", e.what());
        }
    }();
    return instance;
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
