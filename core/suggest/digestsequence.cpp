// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/digestsequence.h"

#include "core/suggest/rowmoves.h"

#include <algorithm>

namespace rekey {

namespace {

constexpr std::uint64_t base = 0x9e3779b97f4a7c15ULL;

/// Digest of a sequence of digests (a polynomial in `base`, so that any stretch of a sequence can be told from its prefixes).
std::uint64_t digestOf(Digests digests)
{
    std::uint64_t sum = 0;
    for (const auto digest : digests)
        sum = sum * base + digest;
    return sum;
}

/// from, seen as [outer, a, b, rest], is to, seen as [outer, b, a, rest].
bool interleaves(Digests from, Digests to, std::size_t outer, std::size_t a, std::size_t b)
{
    const std::size_t rest = from.size() / (outer * a * b);
    for (std::size_t o = 0; o < outer; ++o)
        for (std::size_t i = 0; i < a; ++i)
            for (std::size_t j = 0; j < b; ++j)
                for (std::size_t r = 0; r < rest; ++r)
                    if (from[((o * a + i) * b + j) * rest + r] != to[((o * b + j) * a + i) * rest + r])
                        return false;
    return true;
}

} // namespace

bool sameSequence(Digests a, Digests b)
{
    return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::optional<Transform> interleaving(Digests from, Digests to, int dim)
{
    if (sameSequence(from, to))
        return Transform{};
    if (from.size() != to.size() || from.empty())
        return std::nullopt;
    // The second row of each block [a, b, rest] tells: most shapes are refuted by one look at it.
    for (std::size_t outer = 1; outer <= from.size() / 4; ++outer) {
        if (from.size() % outer != 0)
            continue;
        const std::size_t inner = from.size() / outer;
        for (std::size_t a = 2; a <= inner / 2; ++a) {
            if (inner % a != 0)
                continue;
            for (std::size_t b = 2; b <= inner / a; ++b) {
                if ((inner / a) % b != 0)
                    continue;
                const std::size_t rest = inner / (a * b);
                if (from[rest] != to[a * rest] || from[b * rest] != to[rest])
                    continue;
                if (interleaves(from, to, outer, a, b))
                    return Transform {Step {
                        Interleave {dim, static_cast<std::int64_t>(outer), static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)}}};
            }
        }
    }
    return std::nullopt;
}

std::optional<std::vector<std::vector<std::uint64_t>>> moved(const Transform &transform, std::vector<std::vector<std::uint64_t>> rows)
{
    const auto eachOf = [&](const Step &step, const auto &change) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            if (step.only < 0 || step.only == static_cast<int>(i))
                change(rows[i]);
    };
    for (const auto &step : transform) {
        if (const auto *concat = std::get_if<Concat>(&step.op); concat != nullptr && concat->dim == 0) {
            std::vector<std::uint64_t> all;
            for (const auto &part : rows)
                all.insert(all.end(), part.begin(), part.end());
            rows = {std::move(all)};
        } else if (const auto *split = std::get_if<Split>(&step.op); split != nullptr && split->dim == 0 && rows.size() == 1) {
            auto sizes = split->sizes;
            if (sizes.empty())
                sizes.assign(static_cast<std::size_t>(split->parts), static_cast<std::int64_t>(rows[0].size()) / split->parts);
            const std::vector<std::uint64_t> all = std::move(rows[0]);
            rows.clear();
            auto at = all.begin();
            for (const auto size : sizes) {
                if (all.end() - at < size)
                    return std::nullopt;
                rows.emplace_back(at, at + size);
                at += size;
            }
        } else if (const auto *slice = std::get_if<Slice>(&step.op); slice != nullptr && slice->dim == 0 && slice->step == 1) {
            bool fits = true;
            eachOf(step, [&](std::vector<std::uint64_t> &part) {
                const std::int64_t end = std::min(slice->end, static_cast<std::int64_t>(part.size()));
                fits = fits && slice->start >= 0 && slice->start <= end;
                if (fits)
                    part = std::vector<std::uint64_t>(part.begin() + slice->start, part.begin() + end);
            });
            if (!fits)
                return std::nullopt;
        } else if (const auto *weave = std::get_if<Interleave>(&step.op); weave != nullptr && weave->dim == 0) {
            bool fits = true;
            eachOf(step, [&](std::vector<std::uint64_t> &part) {
                fits = fits && part.size() % static_cast<std::size_t>(weave->outer * weave->a * weave->b) == 0;
                if (fits)
                    part = woven(part, *weave);
            });
            if (!fits)
                return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return rows;
}

void SequenceIndex::add(std::uint32_t id, Digests digests)
{
    if (!digests.empty())
        m_byLength[digests.size()][digestOf(digests)].push_back(id);
}

Prefixes::Prefixes(Digests digests) : sums(digests.size() + 1, 0), powers(digests.size() + 1, 1)
{
    for (std::size_t i = 0; i < digests.size(); ++i) {
        sums[i + 1] = sums[i] * base + digests[i];
        powers[i + 1] = powers[i] * base;
    }
}

const std::vector<std::uint32_t> *SequenceIndex::longestAt(const Prefixes &prefixes, std::size_t at, std::size_t &length) const
{
    for (const auto &[size, sequences] : m_byLength) {
        if (size > prefixes.size() - at || size == prefixes.size())
            continue;
        if (const auto entry = sequences.find(prefixes.stretch(at, size)); entry != sequences.end()) {
            length = size;
            return &entry->second;
        }
    }
    return nullptr;
}

std::vector<std::uint32_t> SequenceIndex::parts(Digests digests) const
{
    const Prefixes prefixes(digests);
    std::vector<std::uint32_t> found;
    for (std::size_t at = 0, length = 0; at < digests.size(); at += length) {
        const auto *equals = longestAt(prefixes, at, length);
        if (equals == nullptr)
            return {};
        const auto unused = std::find_if(equals->begin(), equals->end(),
                                         [&](std::uint32_t id) { return std::find(found.begin(), found.end(), id) == found.end(); });
        found.push_back(unused == equals->end() ? equals->front() : *unused);
    }
    return found;
}

std::vector<SequenceIndex::Place> SequenceIndex::cover(Digests digests, std::uint64_t gap) const
{
    const Prefixes prefixes(digests);
    std::vector<Place> found;
    for (std::size_t at = 0, length = 0; at < digests.size(); at += length) {
        if (const auto *equals = longestAt(prefixes, at, length))
            found.push_back({equals->front(), at, length});
        else if (digests[at] == gap)
            length = 1;
        else
            return {};
    }
    return found;
}

} // namespace rekey
