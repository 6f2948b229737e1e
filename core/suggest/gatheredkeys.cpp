// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/gatheredkeys.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

namespace rekey {

namespace {

using Indices = std::vector<std::uint32_t>;

constexpr char mark = '\x02';
constexpr char taken = '\x03'; ///< begins what a key is called that was seen as part of another

bool isDigit(char c)
{
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// The key with its n-th number as the mark, and that number; nothing where it has fewer.
std::optional<std::pair<std::string, std::int64_t>> marked(const std::string &key, std::size_t n)
{
    std::size_t count = 0;
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (!isDigit(key[i]))
            continue;
        std::size_t end = i;
        while (end < key.size() && isDigit(key[end]))
            ++end;
        if (count++ == n)
            return end - i > 9 ? std::nullopt
                               : std::optional(std::pair(key.substr(0, i) + mark + key.substr(end), std::stoll(key.substr(i, end - i))));
        i = end;
    }
    return std::nullopt;
}

/// How often each key with a mark occurs, for all numbers of all keys.
using Counts = std::unordered_map<std::string, std::size_t>;

Counts countMarked(const Schema &schema)
{
    Counts counts;
    for (const auto &tensor : schema.tensors)
        for (std::size_t n = 0; const auto key = marked(tensor.key, n); ++n)
            ++counts[key->first];
    return counts;
}

/// The keys from the first on among which one number counts up while nothing else changes, and their common key.
struct Run
{
    std::span<const std::uint32_t> tensors;
    std::string key;
};

std::optional<Run> longestRun(std::span<const std::uint32_t> tensors, const Schema &schema, const Counts &counts)
{
    Run best;
    for (std::size_t n = 0; const auto first = marked(schema.tensors[tensors.front()].key, n); ++n) {
        std::int64_t last = first->second;
        std::size_t length = 1;
        for (; length < tensors.size(); ++length) {
            const auto next = marked(schema.tensors[tensors[length]].key, n);
            if (!next || next->first != first->first || next->second <= last)
                break;
            last = next->second;
        }
        if (length > best.tensors.size())
            best = {tensors.first(length), first->first};
    }
    return best.tensors.size() > 1 && counts.at(best.key) == best.tensors.size() ? std::optional(best) : std::nullopt;
}

/// Leaves the first of each run, under its marked name. False where the keys are no such runs.
bool gather(Indices &tensors, const Schema &real, const Counts &counts, Schema &seen)
{
    std::vector<Run> runs;
    for (std::span<const std::uint32_t> rest = tensors; !rest.empty();) {
        auto run = longestRun(rest, real, counts);
        if (!run)
            return false;
        rest = rest.subspan(run->tensors.size());
        runs.push_back(std::move(*run));
    }
    Indices firsts;
    for (auto &run : runs) {
        for (const auto t : run.tensors)
            seen.tensors[t].key = taken + std::to_string(t);
        seen.tensors[run.tensors.front()].key = std::move(run.key);
        firsts.push_back(run.tensors.front());
    }
    tensors = std::move(firsts);
    return true;
}

template <typename Op>
bool has(const Pairing &pairing)
{
    return std::any_of(pairing.transform.begin(), pairing.transform.end(),
                       [](const Step &step) { return std::holds_alternative<Op>(step.op); });
}

} // namespace

bool gathersKeys(std::span<const Pairing> pairings)
{
    return std::any_of(pairings.begin(), pairings.end(), [](const Pairing &pairing) {
        return (pairing.sources.size() > 1 && has<Stack>(pairing)) || (pairing.targets.size() > 1 && has<Unstack>(pairing));
    });
}

GatheredKeys::GatheredKeys(std::span<const Pairing> pairings, const Schema &source, const Schema &target)
    : m_pairings(pairings.begin(), pairings.end()), m_source(source), m_target(target)
{
    const Counts sources = countMarked(source), targets = countMarked(target);
    for (auto &pairing : m_pairings) {
        if (pairing.sources.size() > 1 && has<Stack>(pairing))
            gather(pairing.sources, source, sources, m_source);
        if (pairing.targets.size() > 1 && has<Unstack>(pairing))
            gather(pairing.targets, target, targets, m_target);
    }
}

void GatheredKeys::restore(std::vector<std::string> &sources, std::vector<std::string> &targets)
{
    std::string name = "e";
    for (const auto *texts : {&sources, &targets})
        for (const auto &text : *texts)
            for (const char *use : {"{e}", "{e+", "{e-", "-e}", "*e", "{e:"})
                if (text.find(use) != std::string::npos)
                    name = "expert";
    for (auto *texts : {&sources, &targets})
        for (auto &text : *texts)
            if (const std::size_t at = text.find(mark); at != std::string::npos)
                text.replace(at, 1, '{' + name + '}');
}

} // namespace rekey
