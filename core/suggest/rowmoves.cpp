// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/rowmoves.h"

#include <algorithm>

namespace rekey {

namespace {

constexpr std::size_t mostBlocks = 8;

/// Rows [start, start + length) of the result are those from `from` on of the source, in another order or the same.
struct Run
{
    std::size_t start, from, length;
    Transform order; ///< an Interleave; empty for the same order
};

/// For each row of `to` where it stands in `from`; of equal rows the first comes first. Empty when they are not the same.
std::vector<std::size_t> placesOf(Digests from, Digests to)
{
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> all;
    for (std::size_t i = from.size(); i-- > 0;)
        all[from[i]].push_back(i);
    std::vector<std::size_t> places;
    for (const auto digest : to) {
        const auto entry = all.find(digest);
        if (entry == all.end() || entry->second.empty())
            return {};
        places.push_back(entry->second.back());
        entry->second.pop_back();
    }
    return places;
}

class Runs
{
public:
    Runs(Digests from, Digests to, int dim) : m_from(from), m_to(to), m_dim(dim), m_places(placesOf(from, to)) {}

    /// Empty when there are too many, or rows in no order that an Interleave gives.
    std::vector<Run> all()
    {
        std::vector<Run> runs;
        for (std::size_t start = 0; start < m_places.size(); start = runs.back().start + runs.back().length) {
            const auto run = next(start);
            if (!run || runs.size() == mostBlocks)
                return {};
            runs.push_back(*run);
        }
        return runs;
    }

private:
    /// The rows from `start` on that keep their order, unless they begin a unit (a head) that is interleaved; then as many
    /// such units as follow each other.
    std::optional<Run> next(std::size_t start) const
    {
        constexpr int mostTries = 64;
        std::size_t same = 1;
        while (start + same < m_places.size() && m_places[start + same] == m_places[start] + same)
            ++same;
        std::size_t least = m_places[start], largest = least;
        int tries = 0;
        for (std::size_t end = start + 1; end <= m_places.size() && tries < mostTries; ++end) {
            if (const std::size_t length = end - start; largest - least + 1 == length && length > same) {
                ++tries;
                if (const std::size_t first = m_places[start]; first == least)
                    if (auto run = units(start, length))
                        return run;
            }
            if (end < m_places.size()) {
                least = std::min(least, m_places[end]);
                largest = std::max(largest, m_places[end]);
            }
        }
        return Run{start, m_places[start], same, {}};
    }

    std::optional<Run> units(std::size_t start, std::size_t unit) const
    {
        const std::size_t from = m_places[start];
        if (!interleaving(m_from.subspan(from, unit), m_to.subspan(start, unit), m_dim))
            return std::nullopt;
        std::size_t length = unit;
        while (start + length < m_places.size() && m_places[start + length] == m_places[start + length - unit] + unit)
            ++length;
        length -= length % unit;
        auto order = interleaving(m_from.subspan(from, length), m_to.subspan(start, length), m_dim);
        return order ? std::optional(Run{start, from, length, std::move(*order)}) : std::nullopt;
    }

    Digests m_from, m_to;
    int m_dim;
    std::vector<std::size_t> m_places;
};

std::optional<RowMoves> inBlocks(Digests from, Digests to, int dim)
{
    const auto runs = Runs(from, to, dim).all();
    if (runs.empty())
        return std::nullopt;
    RowMoves moves;
    moves.copies = runs.size();
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const Run &run = runs[i];
        const int only = runs.size() > 1 ? static_cast<int>(i) : -1;
        if (runs.size() > 1) {
            moves.blocks.push_back({static_cast<std::int64_t>(run.from), static_cast<std::int64_t>(run.from + run.length)});
            moves.steps.push_back({Slice{dim, moves.blocks.back().start, moves.blocks.back().end, 1}, only});
        }
        if (!run.order.empty())
            moves.steps.push_back({run.order.front().op, only});
    }
    if (runs.size() > 1)
        moves.steps.push_back({Concat{dim}});
    return moves;
}

} // namespace

std::vector<std::uint64_t> woven(Digests rows, const Interleave &weave)
{
    const auto outer = static_cast<std::size_t>(weave.outer), a = static_cast<std::size_t>(weave.a), b = static_cast<std::size_t>(weave.b);
    const std::size_t rest = rows.size() / (outer * a * b);
    std::vector<std::uint64_t> result(rows.size());
    for (std::size_t p = 0; p < rows.size(); ++p) {
        const std::size_t r = p % rest, j = p / rest % b, i = p / rest / b % a, o = p / rest / b / a;
        result[((o * b + j) * a + i) * rest + r] = rows[p];
    }
    return result;
}

std::optional<RowMoves> rowMoves(Digests from, Digests to, int dim)
{
    if (from.size() != to.size() || from.empty())
        return std::nullopt;
    if (auto moves = inBlocks(from, to, dim))
        return moves;
    std::optional<RowMoves> found;
    eachWeave(from.size(), dim, [&](const Interleave &apart) {
        if (auto after = inBlocks(woven(from, apart), to, dim)) {
            after->steps.insert(after->steps.begin(), Step{apart});
            found = std::move(after);
        } else if (auto before = inBlocks(from, woven(to, apart), dim)) {
            before->steps.push_back(Step{backwards(apart)});
            found = std::move(before);
        }
        return found.has_value();
    });
    return found;
}

} // namespace rekey
