// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/twincopies.h"

#include "core/mapping/numberless.h"
#include "core/suggest/lexicon.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace rekey {

namespace {

constexpr std::size_t fewest = 4;       ///< tensors of a copy
constexpr double nearlyAll = 0.9;       ///< of a copy's tensors have an original
constexpr std::size_t mostWrappers = 2; ///< "ema_model.module.net": segments that only the copy has
constexpr std::size_t samples = 16;
constexpr std::size_t mostTops = 64;    ///< more are blocks

std::string joined(const std::vector<std::string> &segments, std::size_t begin, std::size_t end, std::string_view separator)
{
    std::string text;
    for (std::size_t i = begin; i < end; ++i)
        (text += segments[i]) += separator;
    return text;
}

/// Whether a key may name a twin at all: all words of one of them occur in it. Most keys do not.
bool mayNameTwin(const std::string &key)
{
    const auto alike = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    const auto occurs
        = [&](const std::string &word) { return std::search(key.begin(), key.end(), word.begin(), word.end(), alike) != key.end(); };
    return std::any_of(lexicon().twins.begin(), lexicon().twins.end(),
                       [&](const Words &twin) { return std::all_of(twin.begin(), twin.end(), occurs); });
}

struct Copy
{
    std::vector<std::uint32_t> tensors;
    std::size_t segments = 0; ///< of its prefix
};

/// Tensors outside of a copy, by key without separators.
class Originals
{
public:
    explicit Originals(const Schema &schema) : m_schema(schema), m_all(schema.tensors.size())
    {
        for (std::uint32_t t = 0; t < schema.tensors.size(); ++t) {
            const auto segments = keySegments(schema.tensors[t].key);
            m_all[t] = joined(segments, 0, segments.size(), "");
            m_byKey.emplace(m_all[t], t);
        }
    }

    /// What stands before `rest` in the tensors that end so and have this shape.
    std::vector<std::string> prefixes(const std::string &rest, const Shape &shape, const std::unordered_set<std::uint32_t> &copy) const
    {
        std::vector<std::string> found;
        for (std::uint32_t t = 0; t < m_all.size(); ++t)
            if (m_all[t].ends_with(rest) && !copy.contains(t) && m_schema.tensors[t].shape == shape)
                found.push_back(m_all[t].substr(0, m_all[t].size() - rest.size()));
        return found;
    }

    bool has(const std::string &key, const Shape &shape, const std::unordered_set<std::uint32_t> &copy) const
    {
        const auto entry = m_byKey.find(key);
        return entry != m_byKey.end() && !copy.contains(entry->second) && m_schema.tensors[entry->second].shape == shape;
    }

private:
    const Schema &m_schema;
    std::vector<std::string> m_all;
    std::unordered_map<std::string, std::uint32_t> m_byKey;
};

/// The prefix that most of a copy's tensors have in their original, for so many segments left out of the copy's names.
std::optional<std::string> commonestPrefix(const std::vector<std::string> &rests, const Schema &schema, const Copy &copy,
                                           const std::unordered_set<std::uint32_t> &members, const Originals &originals)
{
    std::map<std::string, std::size_t> votes;
    const std::size_t step = std::max<std::size_t>(1, rests.size() / samples);
    for (std::size_t i = 0; i < rests.size(); i += step)
        for (auto &prefix : originals.prefixes(rests[i], schema.tensors[copy.tensors[i]].shape, members))
            ++votes[std::move(prefix)];
    const auto best = std::max_element(votes.begin(), votes.end(), [](const auto &a, const auto &b) { return a.second < b.second; });
    return best == votes.end() ? std::nullopt : std::optional(best->first);
}

void markCopy(const Schema &schema, const Copy &copy, const Originals &originals, std::vector<bool> &twins)
{
    const std::unordered_set<std::uint32_t> members(copy.tensors.begin(), copy.tensors.end());
    for (std::size_t wrappers = 0; wrappers <= mostWrappers; ++wrappers) {
        std::vector<std::string> rests;
        for (const auto t : copy.tensors) {
            const auto segments = keySegments(schema.tensors[t].key);
            rests.push_back(joined(segments, std::min(copy.segments + wrappers, segments.size()), segments.size(), ""));
        }
        const auto prefix = commonestPrefix(rests, schema, copy, members, originals);
        if (!prefix)
            continue;
        std::vector<std::uint32_t> repeated;
        for (std::size_t i = 0; i < rests.size(); ++i)
            if (!rests[i].empty() && originals.has(*prefix + rests[i], schema.tensors[copy.tensors[i]].shape, members))
                repeated.push_back(copy.tensors[i]);
        if (static_cast<double>(repeated.size()) < nearlyAll * static_cast<double>(copy.tensors.size()))
            continue;
        for (const auto t : repeated)
            twins[t] = true;
        return;
    }
}

/// A part at the top of the file, and what stands in it below all that its keys have in common.
struct TopPart
{
    std::vector<std::uint32_t> tensors;
    std::vector<std::string> contents; ///< sorted
};

std::size_t commonSegments(const std::vector<std::vector<std::string>> &keys, const std::vector<std::uint32_t> &some)
{
    std::size_t common = keys[some.front()].size() - 1;
    for (const auto t : some) {
        std::size_t same = 0;
        while (same < common && same + 1 < keys[t].size() && keys[t][same] == keys[some.front()][same])
            ++same;
        common = same;
    }
    return common;
}

/// Whether at least two parts, and not too many, stand at the top of the file: cheaper to tell than what they hold.
bool hasParts(const Schema &schema)
{
    std::string_view common = schema.tensors.front().key;
    for (const auto &tensor : schema.tensors)
        common = common.substr(
            0, static_cast<std::size_t>(std::mismatch(common.begin(), common.end(), tensor.key.begin(), tensor.key.end()).first
                                        - common.begin()));
    const std::size_t begin = common.find_last_of("./") + 1;
    std::unordered_set<std::string_view> names;
    for (const auto &tensor : schema.tensors) {
        const std::size_t end = std::min(tensor.key.find_first_of("./", begin), tensor.key.size());
        names.insert(std::string_view(tensor.key).substr(begin, end - begin));
        if (names.size() > mostTops)
            return false;
    }
    return names.size() > 1;
}

std::vector<TopPart> topParts(const Schema &schema)
{
    std::vector<std::vector<std::string>> keys;
    std::vector<std::uint32_t> all;
    for (const auto &tensor : schema.tensors) {
        all.push_back(static_cast<std::uint32_t>(all.size()));
        keys.push_back(keySegments(tensor.key));
    }
    const std::size_t top = commonSegments(keys, all);
    std::vector<TopPart> parts;
    std::unordered_map<std::string, std::size_t> byName;
    for (const auto t : all) {
        // "layers.0" and "layers.1", "layer1" and "layer2" are blocks.
        if (keys[t][top].find_first_of("0123456789") != std::string::npos)
            continue;
        const auto [entry, isNew] = byName.emplace(keys[t][top], parts.size());
        if (isNew)
            parts.emplace_back();
        parts[entry->second].tensors.push_back(t);
    }
    for (auto &part : parts) {
        const std::size_t begin = commonSegments(keys, part.tensors);
        for (const auto t : part.tensors)
            part.contents.push_back(joined(keys[t], begin, keys[t].size(), ".") + shapeText(schema.tensors[t].shape));
        std::sort(part.contents.begin(), part.contents.end());
    }
    return parts;
}

} // namespace

std::vector<bool> equalParts(const Schema &schema)
{
    constexpr std::size_t fewestOfPart = 12;
    std::vector<bool> repeated(schema.tensors.size());
    if (schema.tensors.size() < 2 * fewestOfPart || !hasParts(schema))
        return repeated;
    auto parts = topParts(schema);
    std::erase_if(parts, [&](const TopPart &part) { return part.tensors.size() < fewestOfPart; });
    const auto alike = [](const TopPart &a, const TopPart &b) {
        std::vector<std::string> both;
        std::set_intersection(a.contents.begin(), a.contents.end(), b.contents.begin(), b.contents.end(), std::back_inserter(both));
        return static_cast<double>(both.size()) >= nearlyAll * static_cast<double>(std::max(a.contents.size(), b.contents.size()));
    };
    constexpr std::size_t mostParts = 8; // more are blocks
    for (std::size_t i = 1; i < parts.size() && parts.size() <= mostParts; ++i)
        if (std::any_of(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(i),
                        [&](const TopPart &part) { return alike(part, parts[i]); }))
            for (const auto t : parts[i].tensors)
                repeated[t] = true;
    return repeated;
}

std::size_t segmentsToTwin(const std::vector<std::string> &segments)
{
    std::string path = " ";
    for (std::size_t s = 0; s < segments.size(); ++s) {
        for (const auto &word : splitWords(segments[s]))
            path += word + ' ';
        for (const auto &twin : lexicon().twins) {
            std::string phrase = " ";
            for (const auto &word : twin)
                phrase += word + ' ';
            if (path.find(phrase) != std::string::npos)
                return s + 1;
        }
    }
    return 0;
}

std::vector<bool> twinCopies(const Schema &schema)
{
    std::vector<bool> twins(schema.tensors.size());
    std::map<std::string, Copy> copies; // by prefix
    std::unordered_map<std::string, bool> known; // by key without its numbers
    for (std::uint32_t t = 0; t < schema.tensors.size(); ++t) {
        const auto [entry, isNew] = known.emplace(numberless(schema.tensors[t].key), false);
        if (isNew)
            entry->second = mayNameTwin(schema.tensors[t].key);
        if (!entry->second)
            continue;
        const auto segments = keySegments(schema.tensors[t].key);
        const std::size_t count = segmentsToTwin(segments);
        if (count == 0 || count >= segments.size())
            continue;
        Copy &copy = copies[joined(segments, 0, count, ".")];
        copy.segments = count;
        copy.tensors.push_back(t);
    }
    std::erase_if(copies, [](const auto &copy) { return copy.second.tensors.size() < fewest; });
    if (copies.empty())
        return twins;
    const Originals originals(schema);
    for (const auto &[prefix, copy] : copies)
        markCopy(schema, copy, originals, twins);
    return twins;
}

} // namespace rekey
