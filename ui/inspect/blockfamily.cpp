// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/blockfamily.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace rekey::ui {

namespace {

using Segments = std::vector<std::string_view>;

Segments segmentsOf(std::string_view key)
{
    Segments result;
    std::size_t begin = 0;
    for (std::size_t dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.', begin)) {
        result.push_back(key.substr(begin, dot - begin));
        begin = dot + 1;
    }
    result.push_back(key.substr(begin));
    return result;
}

std::optional<std::int64_t> number(std::string_view segment)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(segment.data(), segment.data() + segment.size(), value);
    if (segment.empty() || error != std::errc() || end != segment.data() + segment.size() || value < 0)
        return std::nullopt;
    return value;
}

/// Where two keys differ, when that is in exactly one segment.
std::optional<std::size_t> onlyDifference(const Segments &a, std::string_view key)
{
    std::optional<std::size_t> place;
    std::size_t begin = 0, i = 0;
    for (; begin <= key.size(); ++i) {
        const std::size_t dot = std::min(key.find('.', begin), key.size());
        if (i >= a.size())
            return std::nullopt;
        if (key.substr(begin, dot - begin) != a[i]) {
            if (place)
                return std::nullopt;
            place = i;
        }
        begin = dot + 1;
    }
    return i == a.size() ? place : std::nullopt;
}

std::string joined(const Segments &segments, std::size_t from, std::size_t to)
{
    std::string text;
    for (std::size_t i = from; i < to; ++i) {
        if (i > from)
            text += '.';
        text += segments[i];
    }
    return text;
}

/// "2 and 5", "0, 1 and 2".
std::string listed(const std::vector<std::int64_t> &numbers)
{
    std::string text;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (i > 0)
            text += i + 1 == numbers.size() ? " and " : ", ";
        text += std::to_string(numbers[i]);
    }
    return text;
}

using BlocksOfShape = std::map<Shape, std::vector<std::int64_t>>;

/// "31×32 in blocks 2 and 5, 15×32 in the other 4." Empty when all shapes agree, or too much is to be said.
std::string shapeNote(const BlocksOfShape &blocksOf)
{
    constexpr std::size_t mostListed = 8;
    if (blocksOf.size() != 2)
        return {};
    auto few = blocksOf.begin(), many = std::next(few);
    if (few->second.size() > many->second.size())
        std::swap(few, many);
    if (few->second.size() > mostListed)
        return {};
    return shapeText(few->first) + (few->second.size() == 1 ? " in block " : " in blocks ") + listed(few->second) + ", "
        + shapeText(many->first) + " in the other " + std::to_string(many->second.size()) + ".";
}

/// Neighbours of the tensor in its blocks whose shape is not the same everywhere.
std::vector<std::string> notesOfBlocks(const Schema &schema, const std::string &prefix)
{
    constexpr std::size_t mostNotes = 2;
    std::map<std::string, BlocksOfShape> shapes;
    for (const SchemaTensor &tensor : schema.tensors) {
        const std::string_view key = tensor.key;
        if (!key.starts_with(prefix))
            continue;
        const std::string_view rest = key.substr(prefix.size());
        const std::size_t dot = rest.find('.');
        if (dot == std::string_view::npos)
            continue;
        if (const auto block = number(rest.substr(0, dot)))
            shapes[std::string(rest.substr(dot + 1))][tensor.shape].push_back(*block);
    }
    // Tensors that differ alike (rel_pos_h and rel_pos_w) share a sentence.
    std::map<std::string, std::vector<std::string>> leavesOf;
    for (const auto &[leaf, blocksOf] : shapes)
        if (const std::string note = shapeNote(blocksOf); !note.empty())
            leavesOf[note].push_back(leaf);
    std::vector<std::string> notes;
    for (const auto &[note, leaves] : leavesOf) {
        if (notes.size() == mostNotes)
            break;
        const std::string others = leaves.size() > 2    ? " and " + std::to_string(leaves.size() - 1) + " more"
                                   : leaves.size() == 2 ? " and " + leaves[1]
                                                        : "";
        notes.push_back(leaves.front() + others + ": " + note);
    }
    return notes;
}

} // namespace

std::vector<std::string> fusedParts(const std::string &key, const Shape &shape)
{
    struct Fusion { std::string_view segment; std::vector<std::string> parts; };
    static const std::array<Fusion, 9> fusions = {{
        {"qkv", {"q", "k", "v"}}, {"qkv_proj", {"q", "k", "v"}}, {"Wqkv", {"q", "k", "v"}}, {"to_qkv", {"q", "k", "v"}},
        {"in_proj", {"q", "k", "v"}}, {"in_proj_weight", {"q", "k", "v"}}, {"in_proj_bias", {"q", "k", "v"}},
        {"kv", {"k", "v"}}, {"to_kv", {"k", "v"}},
    }};
    if (shape.empty())
        return {};
    const Segments segments = segmentsOf(key);
    for (const Fusion &fusion : fusions) {
        const auto parts = static_cast<std::int64_t>(fusion.parts.size());
        const std::size_t last = segments.size() - 1;
        const bool named = segments[last] == fusion.segment || (last > 0 && segments[last - 1] == fusion.segment);
        if (!named || shape[0] == 0 || shape[0] % parts != 0)
            continue;
        // Grouped-query projections fuse unequal parts; equal ones are as many times the input as they have parts.
        if (shape.size() >= 2 && shape[0] != parts * shape[1])
            continue;
        return fusion.parts;
    }
    return {};
}

BlockFamily blockFamily(const Schema &schema, std::uint32_t tensor)
{
    BlockFamily family;
    const SchemaTensor &chosen = schema.tensors[tensor];
    family.leaf = chosen.key;
    family.parts = fusedParts(chosen.key, chosen.shape);
    const Segments segments = segmentsOf(chosen.key);

    std::map<std::size_t, std::vector<BlockFamily::Member>> byPlace;
    for (std::uint32_t i = 0; i < schema.tensors.size(); ++i) {
        // A convolution and the norm after it in one sequence are no repetition.
        if (schema.tensors[i].shape.size() != chosen.shape.size())
            continue;
        const auto place = onlyDifference(segments, schema.tensors[i].key);
        if (!place || !number(segments[*place]))
            continue;
        if (const auto block = number(segmentsOf(schema.tensors[i].key)[*place]))
            byPlace[*place].push_back({*block, i});
    }
    std::size_t place = segments.size();
    for (const auto &[candidate, members] : byPlace)
        if (place == segments.size() || members.size() > byPlace[place].size())
            place = candidate;
    if (place == segments.size()) {
        family.members = {{0, tensor}};
        return family;
    }
    family.members = std::move(byPlace[place]);
    family.members.push_back({*number(segments[place]), tensor});
    std::sort(family.members.begin(), family.members.end(), [](const auto &a, const auto &b) { return a.block < b.block; });
    family.leaf = joined(segments, place + 1, segments.size());
    if (family.leaf.empty())
        family.leaf = chosen.key;
    const std::string prefix = joined(segments, 0, place);
    family.notes = notesOfBlocks(schema, prefix.empty() ? prefix : prefix + '.');
    return family;
}

} // namespace rekey::ui
