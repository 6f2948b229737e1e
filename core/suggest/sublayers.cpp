// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/sublayers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace rekey {

namespace {

bool has(const Words &words, const std::string &word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool hasDigit(const std::string &text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Lower-case letters only: "ca_text" and "catext_norm" have "catext" in common.
std::string squashed(const std::string &segment)
{
    std::string text;
    for (const auto &word : splitWords(segment))
        if (!hasDigit(word))
            text += word;
    return text;
}

struct Sublayer
{
    std::string kind; ///< attn, xattn, mlp
    std::string name; ///< squashed name of the module
    Words words;      ///< kind and what tells it from others of its kind
};

struct Norm
{
    std::size_t unit = 0;
    std::string child; ///< of the block
    std::string name;  ///< last segment of the path
    std::optional<std::size_t> owner;
    bool assumed = false; ///< self-attention first, then cross-attention, which is only usual
};

struct Block
{
    std::vector<Norm> norms;
    std::vector<Sublayer> sublayers; ///< in file order
    std::map<std::string, std::size_t> byChild;
};

/// Number of segments up to the innermost one with a number, not counting the last.
std::size_t blockDepth(const std::vector<std::string> &segments)
{
    for (std::size_t depth = segments.size() - 1; depth > 0; --depth)
        if (hasDigit(segments[depth - 1]))
            return depth;
    return 0;
}

std::string path(const std::vector<std::string> &segments, std::size_t depth)
{
    std::string text;
    for (std::size_t i = 0; i < depth; ++i)
        text += segments[i] + '.';
    return text;
}

bool isNorm(const Unit &unit, const Schema &schema)
{
    return has(unit.words, "norm") && schema.tensors[unit.leaves.front().tensor].shape.size() == 1 && unit.find("running_mean") == nullptr;
}

/// Words of a path below a block.
Words wordsBelow(const Unit &unit, std::size_t depth)
{
    return canonicalWords({unit.segments.begin() + static_cast<std::ptrdiff_t>(depth), unit.segments.end()});
}

std::string kindOf(const Words &words)
{
    static const std::set<std::string> projections = {"q", "k", "v", "qkv", "kv", "o"};
    static const std::set<std::string> feedForward = {"mlp", "fc", "gate", "up", "down", "gateup"};
    if (has(words, "xattn"))
        return "xattn";
    if (has(words, "attn") || std::any_of(words.begin(), words.end(), [](const auto &w) { return projections.contains(w); }))
        return "attn";
    return std::any_of(words.begin(), words.end(), [](const auto &w) { return feedForward.contains(w); }) ? "mlp" : "";
}

void addSublayer(Block &block, const Unit &unit, std::size_t depth)
{
    const std::string &child = unit.segments[depth];
    if (block.byChild.contains(child))
        return;
    const Words words = wordsBelow(unit, depth);
    const std::string kind = kindOf(words);
    if (kind.empty())
        return;
    // A list of blocks is no sublayer.
    const bool isList = depth + 1 < unit.segments.size() && squashed(unit.segments[depth + 1]).empty();
    if (isList && kindOf(canonicalWords({child})).empty())
        return;
    const bool ofItsOwn = unit.segments.size() > depth + 1 && kind != "mlp";
    const auto same = std::find_if(block.sublayers.begin(), block.sublayers.end(), [&](const Sublayer &s) {
        return s.kind == kind && (!ofItsOwn || s.name == squashed(child));
    });
    block.byChild[child] = static_cast<std::size_t>(same - block.sublayers.begin());
    if (same != block.sublayers.end())
        return;
    Sublayer sublayer{kind, squashed(child), {kind}};
    for (const auto &word : canonicalWords({child}))
        if (word != kind && word.front() != '@' && !lexicon().generic.contains(word) && ofItsOwn)
            sublayer.words.push_back(word);
    block.sublayers.push_back(std::move(sublayer));
}

/// By the place of the norm or by what its name says.
std::optional<std::size_t> namedOwner(const Norm &norm, const Block &block)
{
    if (const auto place = block.byChild.find(norm.child); place != block.byChild.end() && norm.child != norm.name)
        return place->second;
    const Words words = lexicon().words.apply(splitWords(norm.name));
    const std::string text = squashed(norm.name);
    const auto only = [&](const auto &fits) -> std::optional<std::size_t> {
        std::optional<std::size_t> found;
        for (std::size_t s = 0; s < block.sublayers.size(); ++s)
            if (fits(block.sublayers[s])) {
                if (found)
                    return std::nullopt;
                found = s;
            }
        return found;
    };
    if (const auto whole = only([&](const Sublayer &s) { return s.name.size() > 3 && text.starts_with(s.name); }))
        return whole;
    const bool after = has(words, "post") || has(words, "after") || has(words, "out") || has(words, "output") || has(words, "final");
    for (const std::string kind : {"xattn", "attn", "mlp"})
        if (has(words, kind) && !(after && kind != "mlp"))
            if (const auto owner = only([&](const Sublayer &s) {
                    return s.kind == kind
                           && std::all_of(s.words.begin(), s.words.end(), [&](const auto &w) { return w == kind || has(words, w); });
                }))
                return owner;
    if (hasDigit(norm.name))
        return std::nullopt;
    if (after)
        return only([](const Sublayer &s) { return s.kind == "mlp"; });
    if (has(words, "input") || has(words, "before") || has(words, "pre"))
        return only([](const Sublayer &s) { return s.kind == "attn"; });
    return std::nullopt;
}

/// Numbered norms take the sublayers that are left, in turn.
void giveNumbersTheRest(Block &block, bool orderIsLost)
{
    std::vector<std::size_t> left;
    for (std::size_t s = 0; s < block.sublayers.size(); ++s)
        if (std::none_of(block.norms.begin(), block.norms.end(), [&](const Norm &n) { return n.owner == s; }))
            left.push_back(s);
    std::vector<Norm *> numbered;
    for (auto &norm : block.norms)
        if (!norm.owner)
            numbered.push_back(&norm);
    // TensorFlow numbers from the second on: LayerNorm, LayerNorm_1.
    const bool allNumbered = std::count_if(numbered.begin(), numbered.end(), [](const Norm *n) { return !hasDigit(n->name); }) <= 1
                             && std::all_of(numbered.begin(), numbered.end(),
                                            [&](const Norm *n) { return squashed(n->name) == squashed(numbered.front()->name); });
    if (numbered.size() != left.size() || (!allNumbered && numbered.size() > 1))
        return;
    std::set<std::string> kinds;
    for (const std::size_t s : left)
        kinds.insert(block.sublayers[s].kind);
    if (orderIsLost && kinds.size() != left.size())
        return;
    std::stable_sort(numbered.begin(), numbered.end(), [](const Norm *a, const Norm *b) {
        return std::pair(a->name.size(), a->name) < std::pair(b->name.size(), b->name);
    });
    for (std::size_t n = 0; n < numbered.size(); ++n)
        numbered[n]->owner = left[n], numbered[n]->assumed = orderIsLost && kinds.contains("xattn") && kinds.size() > 1;
}

bool comesOutEven(const Block &block)
{
    std::set<std::size_t> owners;
    for (const auto &norm : block.norms)
        if (!norm.owner || !owners.insert(*norm.owner).second)
            return false;
    return !owners.empty();
}

void sortAsUsual(Block &block)
{
    const auto rank = [](const Sublayer &s) { return s.kind == "attn" ? 0 : s.kind == "xattn" ? 1 : 2; };
    std::vector<std::size_t> order(block.sublayers.size()), place(order.size());
    for (std::size_t s = 0; s < order.size(); ++s)
        order[s] = s;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rank(block.sublayers[a]) < rank(block.sublayers[b]); });
    std::vector<Sublayer> sorted;
    for (std::size_t s = 0; s < order.size(); ++s) {
        sorted.push_back(block.sublayers[order[s]]);
        place[order[s]] = s;
    }
    block.sublayers = std::move(sorted);
    for (auto &[child, sublayer] : block.byChild)
        sublayer = place[sublayer];
}

} // namespace

void nameOwnersOfNorms(Side &side)
{
    std::map<std::string, Block> blocks;
    for (std::size_t u = 0; u < side.units.size(); ++u) {
        const Unit &unit = side.units[u];
        if (!isNorm(unit, *side.schema)) {
            for (std::size_t depth = 1; depth < unit.segments.size(); ++depth)
                if (hasDigit(unit.segments[depth - 1]))
                    addSublayer(blocks[path(unit.segments, depth)], unit, depth);
        } else if (const std::size_t depth = blockDepth(unit.segments); depth > 0) {
            blocks[path(unit.segments, depth)].norms.push_back({u, unit.segments[depth], unit.segments.back(), {}});
        }
    }
    for (auto &[name, block] : blocks) {
        if (block.norms.empty() || block.sublayers.empty())
            continue;
        if (side.alphabetical)
            sortAsUsual(block);
        for (auto &norm : block.norms)
            norm.owner = namedOwner(norm, block);
        giveNumbersTheRest(block, side.alphabetical);
        if (!comesOutEven(block))
            continue;
        for (const auto &norm : block.norms) {
            Words &words = side.units[norm.unit].words;
            side.units[norm.unit].assumed = norm.assumed;
            if (!hasDigit(norm.name))
                std::erase_if(words, [](const std::string &word) { return word.front() == '@' || word == "final"; });
            for (const auto &word : block.sublayers[*norm.owner].words)
                words.push_back("of:" + word);
        }
    }
}

} // namespace rekey
