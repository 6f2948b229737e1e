// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/generalise.h"

#include "core/base/error.h"
#include "core/suggest/lexicon.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace rekey {

namespace {

/// A key cut at its numbers.
struct Cut
{
    std::vector<std::string> texts{1};
    std::vector<std::int64_t> numbers;
};

Cut cut(const std::string &key)
{
    Cut result;
    for (std::size_t i = 0; i < key.size();) {
        if (!std::isdigit(static_cast<unsigned char>(key[i]))) {
            result.texts.back() += key[i++];
            continue;
        }
        std::int64_t value = 0;
        for (; i < key.size() && std::isdigit(static_cast<unsigned char>(key[i])); ++i)
            value = std::min<std::int64_t>(value * 10 + (key[i] - '0'), 1'000'000'000);
        result.numbers.push_back(value);
        result.texts.emplace_back();
    }
    return result;
}

std::string joined(const Cut &parts)
{
    std::string key = parts.texts.front();
    for (std::size_t i = 0; i < parts.numbers.size(); ++i)
        key += std::to_string(parts.numbers[i]) + parts.texts[i + 1];
    return key;
}

/// Numbers that run together: this one of the sources, that one of the targets, up or (target counting down) against.
struct Run
{
    std::size_t source;
    std::size_t target;
};

class Generaliser
{
public:
    Generaliser(const Schema &source, const Schema &target)
        : m_source(source)
        , m_target(target)
        , m_sourceIndex(source)
        , m_targetIndex(target)
    {
        for (const auto &tensor : source.tensors) {
            Cut parts = cut(tensor.key);
            std::string text;
            for (const auto &piece : parts.texts)
                text += piece + '\x01';
            m_numbers[text].push_back(std::move(parts.numbers));
        }
    }

    std::vector<Pairing> all(const std::vector<Pairing> &pairings)
    {
        std::vector<Pairing> result = pairings;
        std::set<std::uint32_t> targets;
        for (const auto &pairing : pairings)
            targets.insert(pairing.targets.begin(), pairing.targets.end());
        for (const auto &pairing : pairings) {
            const auto runs = runsOf(pairing);
            if (runs.empty())
                continue;
            for (auto &other : shifted(pairing, runs))
                if (std::none_of(other.targets.begin(), other.targets.end(), [&](std::uint32_t t) { return targets.contains(t); })) {
                    targets.insert(other.targets.begin(), other.targets.end());
                    result.push_back(std::move(other));
                }
        }
        return result;
    }

private:
    /// The longest run first; a second one (stages of blocks) among the numbers that are left.
    std::vector<Run> runsOf(const Pairing &pairing)
    {
        std::vector<Run> runs;
        const std::size_t sources = cut(m_source.tensors[pairing.sources.front()].key).numbers.size();
        const std::size_t targets = cut(m_target.tensors[pairing.targets.front()].key).numbers.size();
        for (;;) {
            std::size_t most = 0;
            Run best{0, 0};
            for (std::size_t a = 0; a < sources; ++a)
                for (std::size_t b = 0; b < targets; ++b) {
                    const auto taken = [&](const Run &run) { return run.source == a || run.target == b; };
                    if (std::any_of(runs.begin(), runs.end(), taken))
                        continue;
                    auto trial = runs;
                    trial.push_back({a, b});
                    const std::size_t count = shifted(pairing, trial).size();
                    if (count > most) {
                        most = count;
                        best = {a, b};
                    }
                }
            if (most == 0 || (!runs.empty() && most <= shifted(pairing, runs).size()))
                return runs;
            runs.push_back(best);
        }
    }

    /// The pairing in other blocks, without itself.
    std::vector<Pairing> shifted(const Pairing &pairing, const std::vector<Run> &runs) const
    {
        const Cut first = cut(m_source.tensors[pairing.sources.front()].key);
        std::string text;
        for (const auto &piece : first.texts)
            text += piece + '\x01';
        std::vector<Pairing> result;
        for (const auto &numbers : m_numbers.at(text)) {
            std::vector<std::int64_t> deltas;
            bool others = true;
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                const bool running = std::any_of(runs.begin(), runs.end(), [&](const Run &run) { return run.source == i; });
                others = others && (running || numbers[i] == first.numbers[i]);
            }
            for (const auto &run : runs)
                deltas.push_back(numbers[run.source] - first.numbers[run.source]);
            if (!others || std::all_of(deltas.begin(), deltas.end(), [](std::int64_t d) { return d == 0; }))
                continue;
            if (auto moved = move(pairing, runs, deltas))
                result.push_back(std::move(*moved));
        }
        return result;
    }

    std::optional<Pairing> move(const Pairing &pairing, const std::vector<Run> &runs, const std::vector<std::int64_t> &deltas) const
    {
        Pairing result = pairing;
        for (auto &s : result.sources)
            if (!moveKey(s, m_source, m_sourceIndex, runs, deltas, &Run::source))
                return std::nullopt;
        for (auto &t : result.targets)
            if (!moveKey(t, m_target, m_targetIndex, runs, deltas, &Run::target))
                return std::nullopt;
        return fits(result) ? std::optional(std::move(result)) : std::nullopt;
    }

    static bool moveKey(std::uint32_t &tensor, const Schema &schema, const SchemaIndex &index, const std::vector<Run> &runs,
                        const std::vector<std::int64_t> &deltas, std::size_t Run::*side)
    {
        Cut parts = cut(schema.tensors[tensor].key);
        for (std::size_t r = 0; r < runs.size(); ++r) {
            if (runs[r].*side >= parts.numbers.size())
                return false;
            parts.numbers[runs[r].*side] += deltas[r];
            if (parts.numbers[runs[r].*side] < 0)
                return false;
        }
        const std::size_t found = index.find(joined(parts));
        if (found == SchemaIndex::npos)
            return false;
        tensor = static_cast<std::uint32_t>(found);
        return true;
    }

    bool fits(const Pairing &pairing) const
    {
        std::vector<TensorShape> inputs;
        for (const auto s : pairing.sources)
            inputs.push_back({m_source.tensors[s].shape, m_source.tensors[s].dtype});
        try {
            const auto outputs = outputShapes(pairing.transform, inputs);
            if (outputs.size() != pairing.targets.size())
                return false;
            for (std::size_t i = 0; i < outputs.size(); ++i)
                if (outputs[i].shape != m_target.tensors[pairing.targets[i]].shape)
                    return false;
        } catch (const Error &) {
            return false;
        }
        return true;
    }

    const Schema &m_source;
    const Schema &m_target;
    SchemaIndex m_sourceIndex, m_targetIndex;
    std::map<std::string, std::vector<std::vector<std::int64_t>>> m_numbers; ///< by template of the source
};

} // namespace

std::vector<Pairing> generalise(const std::vector<Pairing> &pairings, const Schema &source, const Schema &target)
{
    return Generaliser(source, target).all(pairings);
}

} // namespace rekey
