// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/resizedtables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace rekey {

namespace {

Step step(BasicStep op) { return Step{std::move(op)}; }

/// A class token, and one for distillation.
constexpr std::int64_t mostTokens = 2;
constexpr std::int64_t leastGrid = 2;

std::int64_t root(std::int64_t n)
{
    const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(n))));
    return side * side == n ? side : 0;
}

/// Rows of a table: the one dimension, ones aside, before the width.
struct Rows
{
    int dim = -1;
    std::int64_t count = 0, width = 0;
};

std::optional<Rows> rowsOf(const Shape &shape)
{
    Rows rows;
    for (std::size_t d = 0; d + 1 < shape.size(); ++d) {
        if (shape[d] == 1)
            continue;
        if (rows.dim >= 0)
            return std::nullopt;
        rows.dim = static_cast<int>(d);
        rows.count = shape[d];
    }
    if (rows.dim < 0 || shape.back() < 2)
        return std::nullopt;
    rows.width = shape.back();
    return rows;
}

/// [.., h, w, c] as it is.
std::optional<Resizing> ofGrids(const Shape &from, const Shape &to)
{
    if (from.size() != 4 || to.size() != 4 || from[0] != 1 || to[0] != 1 || from[3] != to[3]
        || std::min({from[1], from[2], to[1], to[2]}) < leastGrid)
        return std::nullopt;
    return Resizing{{step(Interpolate{1, {to[1], to[2]}, 0, false, "bicubic"})}, 0.7,
                    fmt::format("a grid of {}×{} positions, for one of {}×{}", from[1], from[2], to[1], to[2]), true};
}

/// Tokens in front of a square grid; -1 where there is none.
std::int64_t tokensBefore(std::int64_t rows)
{
    for (std::int64_t tokens = 0; tokens <= mostTokens; ++tokens)
        if (root(rows - tokens) >= leastGrid)
            return tokens;
    return -1;
}

std::optional<Resizing> ofPatches(const Rows &a, const Rows &b)
{
    const std::int64_t before = tokensBefore(a.count), after = tokensBefore(b.count);
    if (before < 0 || after < 0 || (before != after && before != 0 && after != 0))
        return std::nullopt; // which of two tokens stays, nobody can tell
    const std::int64_t grid = root(a.count - before), wanted = root(b.count - after);
    Resizing result{{}, grid == wanted ? 0.8 : 0.7, {}, grid != wanted};
    if (before > after)
        result.transform.push_back(step(Slice{a.dim, before, a.count, 1}));
    if (grid != wanted)
        result.transform.push_back(step(Interpolate{a.dim, {wanted, wanted}, before == after ? before : 0, true, "bicubic"}));
    if (after > before)
        result.transform.push_back(step(Pad{a.dim, after, 0, 0}));
    if (before != after)
        result.why = fmt::format("a table of {0}×{0} patches; the rows before them are tokens' that the {1} does not have", grid,
                                 before > after ? "target" : "source");
    if (grid != wanted)
        result.why += fmt::format("{}{}×{} patches, for {}×{}", result.why.empty() ? "" : "; ", grid, grid, wanted, wanted);
    return result;
}

/// A context of words: rows in front that padding takes (fairseq's learned positions begin at 2), else the first rows.
std::optional<Resizing> ofContext(const Rows &a, const Rows &b)
{
    const std::int64_t offset = a.count - b.count;
    if (std::abs(offset) <= mostTokens)
        return Resizing {
            {offset > 0 ? step(Slice {a.dim, offset, a.count, 1}) : step(Pad {a.dim, -offset, 0, 0})},
            0.55,
            fmt::format("{} and {} positions: the rows in front are padding's, if positions are counted from there", a.count, b.count),
            false};
    if (offset < 0)
        return std::nullopt; // nothing says what later positions are
    return Resizing {
        {step(Slice {a.dim, 0, b.count, 1})}, 0.6, fmt::format("the first {} of {} positions: a shorter context", b.count, a.count), false};
}

bool has(const Words &words, const std::string &word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

struct Table
{
    const Unit *unit = nullptr;
    std::uint32_t tensor = 0;
};

std::vector<Table> openTables(const Side &side, const std::vector<bool> &taken)
{
    std::vector<Table> tables;
    for (const auto &unit : side.units)
        if (unit.leaves.size() == 1 && !taken[unit.leaves.front().tensor] && has(unit.words, "pos") && has(unit.words, "embed"))
            tables.push_back({&unit, unit.leaves.front().tensor});
    return tables;
}

/// Words that only one of the two has.
std::size_t differences(const Words &a, const Words &b)
{
    const std::set<std::string> x(a.begin(), a.end()), y(b.begin(), b.end());
    std::vector<std::string> only;
    std::set_symmetric_difference(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(only));
    return only.size();
}

/// The one that is most alike, where none is as much.
const Table *nearest(const Table &table, const std::vector<Table> &others, const auto &fits)
{
    const Table *best = nullptr;
    std::size_t least = 0;
    bool shared = false;
    for (const auto &other : others) {
        if (!fits(other))
            continue;
        const std::size_t different = differences(table.unit->words, other.unit->words);
        shared = best != nullptr && different == least;
        if (best == nullptr || different < least) {
            best = &other;
            least = different;
        }
    }
    return shared ? nullptr : best;
}

bool contradict(const Unit &from, const Unit &to)
{
    return from.twin != to.twin || (from.modality != to.modality && from.modality != Modality::Unknown && to.modality != Modality::Unknown);
}

} // namespace

std::optional<Resizing> resizing(const Shape &from, const Shape &to, bool picture)
{
    if (elementCount(from) == elementCount(to))
        return std::nullopt;
    if (from.size() == 4 && to.size() == 4)
        return ofGrids(from, to);
    const auto a = rowsOf(from), b = rowsOf(to);
    if (!a || !b || a->width != b->width)
        return std::nullopt;
    auto result = picture ? ofPatches(*a, *b) : ofContext(*a, *b);
    Shape after = from;
    after[static_cast<std::size_t>(a->dim)] = b->count;
    if (result && after != to)
        result->transform.push_back(step(Reshape{to}));
    return result;
}

std::vector<Pairing> pairResizedTables(const Side &source, const Side &target, std::vector<Pairing> &pairings)
{
    std::vector<bool> used(source.schema->tensors.size()), filled(target.schema->tensors.size());
    markPaired(pairings, used, filled);
    const auto from = openTables(source, used), to = openTables(target, filled);
    const auto between = [&](const Table &a, const Table &b) -> std::optional<Resizing> {
        if (contradict(*a.unit, *b.unit))
            return std::nullopt;
        const bool picture = a.unit->modality == Modality::Picture || b.unit->modality == Modality::Picture;
        return resizing(source.schema->tensors[a.tensor].shape, target.schema->tensors[b.tensor].shape, picture);
    };
    std::vector<Pairing> questions;
    for (const auto &table : to) {
        const Table *origin = nearest(table, from, [&](const Table &other) { return between(other, table).has_value(); });
        if (origin == nullptr || nearest(*origin, to, [&](const Table &other) { return between(*origin, other).has_value(); }) != &table)
            continue;
        auto found = *between(*origin, table);
        Pairing pairing;
        pairing.sources = {origin->tensor};
        pairing.targets = {table.tensor};
        pairing.transform = std::move(found.transform);
        pairing.state = RuleState::Suggested;
        pairing.confidence = found.confidence;
        pairing.evidence = {std::move(found.why)};
        (found.resampled ? questions : pairings).push_back(std::move(pairing));
    }
    return questions;
}

} // namespace rekey
