// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/keytexts.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace rekey {

namespace {

using Choices = std::vector<std::string>;

/// Keys that are the product of the choices at each position.
struct Group
{
    std::vector<Choices> pieces;
    std::size_t first = 0;
};

enum class Piece { Number, Separator, Word };

Piece pieceOf(char c)
{
    return std::isdigit(static_cast<unsigned char>(c)) ? Piece::Number : c == '.' || c == '/' ? Piece::Separator : Piece::Word;
}

std::vector<Choices> pieces(const std::string &key)
{
    std::vector<Choices> result;
    if (key.find(',') != std::string::npos)
        return {{key}};
    for (std::size_t begin = 0; begin < key.size();) {
        std::size_t end = begin + 1;
        while (end < key.size() && pieceOf(key[end]) == pieceOf(key[begin]))
            ++end;
        result.push_back({key.substr(begin, end - begin)});
        begin = end;
    }
    return result;
}

/// Everything but one position, and what kind of piece stands there.
std::string others(const Group &group, std::size_t position)
{
    std::string text
        = std::to_string(group.pieces.size()) + ' ' + std::to_string(static_cast<int>(pieceOf(group.pieces[position].front().front())));
    for (std::size_t i = 0; i < group.pieces.size(); ++i) {
        text += '\x1f';
        if (i == position)
            continue;
        for (const std::string &choice : group.pieces[i])
            text += choice + '\x1e';
    }
    return text;
}

bool isLessNumber(const std::string &a, const std::string &b)
{
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

/// A comma would be read as one between choices.
bool isMergeable(const Choices &choices)
{
    const std::string &text = choices.front();
    return !text.empty() && pieceOf(text.front()) != Piece::Separator && text.find(',') == std::string::npos;
}

bool merge(std::vector<Group> &groups, std::size_t position)
{
    std::unordered_map<std::string, std::size_t> known;
    std::vector<Group> merged;
    for (Group &group : groups) {
        if (position >= group.pieces.size() || !isMergeable(group.pieces[position])) {
            merged.push_back(std::move(group));
            continue;
        }
        const auto [at, isNew] = known.emplace(others(group, position), merged.size());
        if (isNew) {
            merged.push_back(std::move(group));
            continue;
        }
        Group &whole = merged[at->second];
        Choices &choices = whole.pieces[position];
        choices.insert(choices.end(), group.pieces[position].begin(), group.pieces[position].end());
        if (pieceOf(choices.front().front()) == Piece::Number)
            std::ranges::sort(choices, isLessNumber);
        whole.first = std::min(whole.first, group.first);
    }
    const bool changed = merged.size() != groups.size();
    groups = std::move(merged);
    return changed;
}

std::string choicesText(const Choices &choices)
{
    if (choices.size() == 1)
        return choices.front();
    const bool numbers = pieceOf(choices.front().front()) == Piece::Number
        && std::ranges::all_of(choices, [](const std::string &c) { return c.size() < 10 && (c == "0" || c.front() != '0'); });
    if (numbers && std::stol(choices.back()) - std::stol(choices.front()) + 1 == static_cast<long>(choices.size()))
        return "{" + choices.front() + ".." + choices.back() + "}";
    std::string text = "{";
    for (const std::string &choice : choices)
        text += (text.size() > 1 ? "," : "") + choice;
    return text + "}";
}

} // namespace

std::vector<std::string> braceTexts(std::span<const std::string> keys)
{
    std::vector<Group> groups;
    std::size_t longest = 0;
    for (const std::string &key : keys) {
        groups.push_back({pieces(key), groups.size()});
        longest = std::max(longest, groups.back().pieces.size());
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t position = longest; position-- > 0;)
            changed = merge(groups, position) || changed;
    }
    std::ranges::sort(groups, {}, &Group::first);
    std::vector<std::string> texts;
    for (const Group &group : groups) {
        std::string text;
        for (const Choices &choices : group.pieces)
            text += choicesText(choices);
        texts.push_back(std::move(text));
    }
    return texts;
}

} // namespace rekey
