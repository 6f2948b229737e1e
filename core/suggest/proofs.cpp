// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofs.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

Proofs::Proofs(const Schema &source, const Schema &target, const ValuePrints &values, const std::vector<bool> &skipSource,
               const std::vector<bool> &skipTarget, const std::vector<Pairing> &guesses)
    : m_source(source)
    , m_target(target)
    , m_values(values)
    , m_skipSource(skipSource)
    , m_done(skipTarget)
    , m_used(skipSource)
    , m_guess(target.tensors.size(), none)
{
    for (const auto &guess : guesses)
        if (guess.sources.size() == 1 && guess.targets.size() == 1)
            m_guess[guess.targets.front()] = guess.sources.front();
    for (std::uint32_t s = 0; s < source.tensors.size(); ++s)
        if (!skipSource[s])
            m_dtypes.insert(values.sourceDtype(s));
    for (std::uint32_t t = 0; t < target.tensors.size(); ++t)
        if (!skipTarget[t])
            m_dtypes.insert(values.targetDtype(t));
}

bool Proofs::allOpen(const Tensors &targets) const
{
    return std::none_of(targets.begin(), targets.end(), [&](std::uint32_t t) { return m_done[t]; });
}

const Print *Proofs::sourcePrint(std::uint32_t s, DType dtype) const
{
    const Print *print = m_skipSource[s] ? nullptr : m_values.source(s, dtype);
    return print != nullptr && print->telling ? print : nullptr;
}

const Print *Proofs::targetPrint(std::uint32_t t, DType dtype) const
{
    const Print *print = m_done[t] ? nullptr : m_values.target(t, dtype);
    return print != nullptr && print->telling ? print : nullptr;
}

DigestIndex Proofs::indexSources(DType dtype) const
{
    DigestIndex index;
    for (std::uint32_t s = 0; s < m_source.tensors.size(); ++s)
        if (const Print *print = sourcePrint(s, dtype)) {
            index.whole[print->whole].push_back(s);
            index.bag[print->bag].push_back(s);
            index.rows.add(s, print->rows);
            index.columns.add(s, print->columns);
        }
    return index;
}

DigestIndex Proofs::indexTargets(DType dtype) const
{
    DigestIndex index;
    eachOpen(dtype, [&](std::uint32_t t, const Print &print) {
        index.rows.add(t, print.rows);
        index.columns.add(t, print.columns);
    });
    return index;
}

Tensors Proofs::comparable(const DigestIndex::ByDigest &index, std::uint64_t digest, std::uint32_t target, DType dtype) const
{
    const auto entry = index.find(digest);
    Tensors result = entry == index.end() ? Tensors{} : entry->second;
    std::erase_if(result, [&](std::uint32_t s) { return m_values.common(s, target) != dtype; });
    return result;
}

bool Proofs::allComparable(const Tensors &sources, const Tensors &targets, DType dtype) const
{
    return std::all_of(sources.begin(), sources.end(), [&](std::uint32_t s) {
        return std::all_of(targets.begin(), targets.end(), [&](std::uint32_t t) { return m_values.common(s, t) == dtype; });
    });
}

void Proofs::prove(Tensors sources, Tensors targets, Transform transform, DType dtype, std::string words)
{
    bool rounded = false;
    for (const auto t : targets)
        for (const auto s : sources)
            rounded = rounded || m_values.sourceDtype(s) != dtype || m_values.targetDtype(t) != dtype;
    if (rounded)
        words += fmt::format(", after a cast to {}", name(dtype));
    prove(std::move(sources), std::move(targets), std::move(transform), std::move(words));
}

void Proofs::prove(Tensors sources, Tensors targets, Transform transform, std::string words)
{
    for (const auto s : sources)
        m_used[s] = true;
    for (const auto t : targets)
        m_done[t] = true;
    Pairing pairing;
    pairing.sources = std::move(sources);
    pairing.targets = std::move(targets);
    pairing.transform = std::move(transform);
    pairing.state = RuleState::Proven;
    pairing.evidence = {std::move(words)};
    m_proven.push_back(std::move(pairing));
}

std::vector<Block> rangesOf(const Tensors &parts, const Schema &schema, bool byColumns)
{
    std::vector<Block> result;
    std::int64_t start = 0;
    for (const auto part : parts) {
        const Shape &shape = schema.tensors[part].shape;
        const std::int64_t size = shape.empty() ? 1 : byColumns ? static_cast<std::int64_t>(elementCount(shape)) / shape[0] : shape[0];
        result.push_back({start, start + size});
        start += size;
    }
    return result;
}

std::string rangesText(const std::vector<Block> &ranges, const Tensors &tensors, const Schema &schema, const char *lines,
                       const char *relation)
{
    std::string text;
    for (std::size_t i = 0; i < ranges.size() && i < 4; ++i)
        text += fmt::format("{}{}–{} {} {}", i == 0 ? std::string(lines) + " " : std::string(", "), ranges[i].start, ranges[i].end - 1,
                            relation, schema.tensors[tensors[i]].key);
    return ranges.size() > 4 ? text + " …" : text;
}

bool equalBut(const Tensors &parts, const Schema &schema, std::size_t except)
{
    const Shape &first = schema.tensors[parts.front()].shape;
    return std::all_of(parts.begin(), parts.end(), [&](std::uint32_t part) {
        const Shape &shape = schema.tensors[part].shape;
        for (std::size_t d = 0; d < first.size(); ++d)
            if (shape.size() != first.size() || (d != except && shape[d] != first[d]))
                return false;
        return true;
    });
}

Split splitInto(const std::vector<Block> &where, int dim)
{
    Split result{dim, static_cast<int>(where.size()), {}};
    const std::int64_t first = where.front().end - where.front().start;
    if (std::any_of(where.begin(), where.end(), [&](const Block &b) { return b.end - b.start != first; })) {
        result.parts = 0;
        for (const auto &block : where)
            result.sizes.push_back(block.end - block.start);
    }
    return result;
}

} // namespace rekey
