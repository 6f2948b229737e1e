// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/repetition.h"

#include "core/mapping/resolution.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace rekey {

namespace {

constexpr std::uint64_t affordablePairs = 150'000;
/// Runs of at most so many blocks stay whole, unless there are far too many pairs.
constexpr std::size_t longRun = 48;
constexpr std::uint64_t tooManyPairs = 500'000;
constexpr std::size_t longRunThen = 24;
constexpr std::size_t aboutEqual = 4;  ///< blocks that runs of both sides may differ by

std::uint64_t hashed(std::string_view text)
{
    return std::hash<std::string_view>()(text);
}

/// A number within keys: where it stands, and what each of its values has below and beside it.
struct NumberSlot
{
    struct Block { std::uint64_t signature = 0; std::vector<std::uint32_t> tensors; };
    std::map<std::int64_t, Block> blocks; ///< by value
};

using Slots = std::unordered_map<std::string, NumberSlot>; ///< by what stands before, other numbers as '#'

void addKey(Slots &slots, const std::string &key, const Shape &shape, std::uint32_t tensor)
{
    std::string before;
    const std::uint64_t size = hashed(shapeText(shape));
    for (std::size_t i = 0; i < key.size();) {
        if (std::isdigit(static_cast<unsigned char>(key[i])) == 0) {
            before += key[i++];
            continue;
        }
        const std::size_t begin = i;
        while (i < key.size() && std::isdigit(static_cast<unsigned char>(key[i])) != 0)
            ++i;
        if (i - begin <= 9) {
            auto &block = slots[before].blocks[std::stoll(key.substr(begin, i - begin))];
            const std::string rest = key.substr(0, begin) + '#' + key.substr(i);
            block.signature += hashed(rest) * 0x9e3779b97f4a7c15ULL ^ size;
            block.tensors.push_back(tensor);
        }
        before += '#';
    }
}

Slots longSlots(const Schema &schema, const std::vector<bool> &skipped, std::size_t longest)
{
    Slots slots;
    for (std::uint32_t t = 0; t < schema.tensors.size(); ++t)
        if (!skipped[t])
            addKey(slots, schema.tensors[t].key, schema.tensors[t].shape, t);
    std::erase_if(slots, [&](const auto &slot) { return slot.second.blocks.size() <= longest; });
    return slots;
}

bool hasCounterpart(std::size_t length, const Slots &others)
{
    return std::any_of(others.begin(), others.end(), [&](const auto &slot) {
        const std::size_t other = slot.second.blocks.size();
        return std::max(length, other) - std::min(length, other) <= aboutEqual;
    });
}

/// Leaves out all blocks but the first `keep`, and the first few of each kind that those do not show.
void skipBlocks(std::vector<bool> &skipped, const Slots &slots, const Slots &others, std::size_t keep)
{
    constexpr std::size_t ofEachKind = 2;
    for (const auto &[before, slot] : slots) {
        if (!hasCounterpart(slot.blocks.size(), others))
            continue;
        std::unordered_map<std::uint64_t, std::size_t> seen;
        std::size_t position = 0;
        for (const auto &[value, block] : slot.blocks) {
            if (position++ < keep || seen[block.signature] < ofEachKind)
                ++seen[block.signature];
            else
                for (const auto t : block.tensors)
                    skipped[t] = true;
        }
    }
}

/// The tensors that are not skipped, as a schema of their own, and their numbers in it.
struct Part
{
    Schema schema;
    std::vector<std::uint32_t> numbers;

    Part(const Schema &whole, const std::vector<bool> &skipped) : numbers(whole.tensors.size())
    {
        for (std::size_t t = 0; t < whole.tensors.size(); ++t)
            if (!skipped[t]) {
                numbers[t] = static_cast<std::uint32_t>(schema.tensors.size());
                schema.tensors.push_back(whole.tensors[t]);
                schema.tensors.back().tiedTo = numbers[t];
            }
    }

    bool translate(std::vector<std::uint32_t> &tensors, const std::vector<bool> &skipped) const
    {
        for (auto &t : tensors) {
            if (skipped[t])
                return false;
            t = numbers[t];
        }
        return true;
    }
};

std::vector<Rule> rulesOfKept(const std::vector<Pairing> &pairings, const Schema &source, const Schema &target, const Skipped &kept)
{
    const Part from(source, kept.source), to(target, kept.target);
    std::vector<Pairing> translated;
    for (Pairing pairing : pairings)
        if (from.translate(pairing.sources, kept.source) && to.translate(pairing.targets, kept.target))
            translated.push_back(std::move(pairing));
    return rulesFromPairings(translated, from.schema, to.schema);
}

} // namespace

std::uint64_t possiblePairs(const Schema &source, const Schema &target, const Skipped &skipped)
{
    std::unordered_map<std::uint64_t, std::uint64_t> sizes;
    for (std::size_t s = 0; s < source.tensors.size(); ++s)
        if (!skipped.source[s])
            ++sizes[elementCount(source.tensors[s].shape)];
    std::uint64_t pairs = 0;
    for (std::size_t t = 0; t < target.tensors.size(); ++t)
        if (!skipped.target[t])
            if (const auto same = sizes.find(elementCount(target.tensors[t].shape)); same != sizes.end())
                pairs += same->second;
    return pairs;
}

std::optional<Skipped> shorten(const Schema &source, const Schema &target, const Skipped &skipped)
{
    const std::uint64_t pairs = possiblePairs(source, target, skipped);
    if (pairs <= affordablePairs)
        return std::nullopt;
    const std::size_t longest = pairs <= tooManyPairs ? longRun : longRunThen;
    const Slots from = longSlots(source, skipped.source, longest), to = longSlots(target, skipped.target, longest);
    Skipped shorter;
    for (const std::size_t keep : {std::size_t(4), std::size_t(3)}) {
        shorter = skipped;
        skipBlocks(shorter.source, from, to, keep);
        skipBlocks(shorter.target, to, from, keep);
        if (possiblePairs(source, target, shorter) <= affordablePairs)
            break;
    }
    return shorter.source == skipped.source || shorter.target == skipped.target ? std::nullopt : std::optional(shorter);
}

std::vector<Pairing> continued(const std::vector<Pairing> &pairings, const Schema &source, const Schema &target, const Skipped &kept,
                               const Skipped &all, const Progress &progress)
{
    Mapping mapping;
    mapping.rules = rulesOfKept(pairings, source, target, kept);
    // What is to review counts as open in a resolution; here all rules apply.
    std::vector<RuleState> states;
    for (auto &rule : mapping.rules)
        states.push_back(std::exchange(rule.state, RuleState::Suggested));
    progress.check();
    const Resolution resolution = resolve(mapping, source, target);
    const auto isNew = [](const std::vector<std::uint32_t> &tensors, const std::vector<bool> &in, const std::vector<bool> &before) {
        return std::all_of(tensors.begin(), tensors.end(), [&](std::uint32_t t) { return in[t] && !before[t]; });
    };
    std::vector<Pairing> result;
    for (const auto &assignment : resolution.assignments) {
        const bool fits = std::all_of(assignment.targets.begin(), assignment.targets.end(),
                                      [&](std::uint32_t t) { return resolution.targets[t].status == TargetStatus::Filled; });
        if (!fits || !isNew(assignment.targets, kept.target, all.target) || !isNew(assignment.sources, kept.source, all.source))
            continue;
        const Rule &rule = mapping.rules[assignment.rule];
        result.push_back({assignment.sources, assignment.targets, rule.transform, states[assignment.rule], rule.confidence, rule.evidence});
    }
    return result;
}

} // namespace rekey
