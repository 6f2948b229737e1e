// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/exchanges.h"

#include "core/suggest/numbering.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace rekey {

namespace {

constexpr double orderOnly = 0.85; ///< right mostly
constexpr double orderLost = 0.65;

class Exchanges
{
public:
    Exchanges(const Side &source, const Side &target, const std::vector<Candidacy> &candidates, const std::vector<Match> &matches)
        : m_source(source)
        , m_target(target)
    {
        m_plausible.reserve(candidates.size());
        for (const auto &match : matches)
            m_companions[parents(match)].push_back(&match);
        for (const auto &c : candidates)
            m_plausible.emplace(pairId(c.source, c.target), c.support.name - 1.5F * c.support.penalty);
        for (const auto &unit : source.units)
            m_sourceNumbers.push_back(numberingOf(unit.segments));
        for (const auto &unit : target.units)
            m_targetNumbers.push_back(numberingOf(unit.segments));
        countRuns(source, m_sourceNumbers, m_sourceRuns);
        countRuns(target, m_targetNumbers, m_targetRuns);
    }

    /// The confidence that the two may have at most.
    double limit(const Match &x, const Match &y) const
    {
        if (!has(y.source, x.target) || !has(x.source, y.target) || isTold(x, y))
            return 1;
        if (m_source.alphabetical || m_target.alphabetical)
            return orderLost;
        const bool siblings = areSiblings(m_source, x.source, y.source) && areSiblings(m_target, x.target, y.target);
        return siblings || x.support.order == 0 || y.support.order == 0 || countAlike(x, y) ? orderOnly : 1;
    }

private:
    static constexpr std::size_t mostCompanions = 16;
    static std::uint64_t pairId(std::uint64_t a, std::uint64_t b) { return a << 32 | b; }
    bool has(std::uint32_t a, std::uint32_t b) const { return m_plausible.contains(pairId(a, b)); }

    /// No more than the last two segments of the paths differ.
    static bool areSiblings(const Side &side, std::uint32_t a, std::uint32_t b)
    {
        const auto &one = side.units[side.atoms[a].unit].segments, &other = side.units[side.atoms[b].unit].segments;
        const auto common = static_cast<std::size_t>(std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first - one.begin());
        return one.size() <= common + 2 && other.size() <= common + 2;
    }

    /// -1, 1: the first has the smaller, larger numbers; 0: other names, or the same numbers.
    static int order(const Side &side, const std::vector<Numbering> &numbers, std::uint32_t a, std::uint32_t b)
    {
        const Numbering &one = numbers[side.atoms[a].unit], &other = numbers[side.atoms[b].unit];
        if (one.text != other.text || one.numbers == other.numbers)
            return 0;
        return one.numbers < other.numbers ? -1 : 1;
    }

    std::string parents(const Match &match) const
    {
        std::string text;
        for (const auto *side : {&m_source, &m_target}) {
            const auto &segments = side->units[side->atoms[side == &m_source ? match.source : match.target].unit].segments;
            for (std::size_t i = 0; i + 1 < segments.size(); ++i)
                text += segments[i] + '.';
            text += '\n';
        }
        return text;
    }

    /// Something beside one of the two fits nothing beside the other: "the norm after the depthwise convolution".
    bool companionsTell(const Match &x, const Match &y) const
    {
        const auto &beside = m_companions.at(parents(x)), &other = m_companions.at(parents(y));
        if (&beside == &other || beside.size() > mostCompanions || other.size() > mostCompanions || beside.size() != other.size())
            return false;
        return std::any_of(beside.begin(), beside.end(), [&](const Match *mine) {
            return std::none_of(other.begin(), other.end(), [&](const Match *theirs) { return has(theirs->source, mine->target); });
        });
    }

    /// Units of one name but for their numbers.
    struct Run
    {
        std::vector<std::set<std::uint64_t>> values; ///< of each number
        std::set<Shape> shapes;
    };
    using Runs = std::unordered_map<std::string, Run>;

    static void countRuns(const Side &side, const std::vector<Numbering> &numbers, Runs &runs)
    {
        for (std::size_t u = 0; u < side.units.size(); ++u) {
            Run &run = runs[numbers[u].text];
            run.values.resize(numbers[u].numbers.size());
            for (std::size_t n = 0; n < run.values.size(); ++n)
                run.values[n].insert(numbers[u].numbers[n]);
            run.shapes.insert(side.schema->tensors[side.units[u].leaves.front().tensor].shape);
        }
    }

    /// The one with the smaller number goes to the one with the smaller number.
    bool countAlike(const Match &x, const Match &y) const
    {
        const int from = order(m_source, m_sourceNumbers, x.source, y.source);
        return from != 0 && from == order(m_target, m_targetNumbers, x.target, y.target);
    }

    /// Of a few modules that are all alike, counted from different numbers and under names that have nothing in common, the first of one
    /// side may be the last of the other: "refinenet4" of a decoder is "fusion.layers.0".
    bool mayCountDown(const Match &x, const Match &y) const
    {
        constexpr std::size_t few = 6;
        const Numbering &from = m_sourceNumbers[m_source.atoms[x.source].unit], &to = m_targetNumbers[m_target.atoms[x.target].unit];
        const std::size_t p = firstDifference(from, m_sourceNumbers[m_source.atoms[y.source].unit]);
        const std::size_t q = firstDifference(to, m_targetNumbers[m_target.atoms[y.target].unit]);
        const Run &mine = m_sourceRuns.at(from.text), &theirs = m_targetRuns.at(to.text);
        if (from.numbers[p] == to.numbers[q] || mine.values[p].size() > few || theirs.values[q].size() > few || mine.shapes.size() > 1
            || theirs.shapes.size() > 1)
            return false;
        const Words one = countedWords(m_source, x.source, y.source), other = countedWords(m_target, x.target, y.target);
        return std::none_of(one.begin(), one.end(),
                            [&](const std::string &word) { return std::find(other.begin(), other.end(), word) != other.end(); });
    }

    static std::size_t firstDifference(const Numbering &a, const Numbering &b)
    {
        return static_cast<std::size_t>(std::mismatch(a.numbers.begin(), a.numbers.end(), b.numbers.begin()).first - a.numbers.begin());
    }

    /// What the modules are called that two atoms of one name stand in, where their numbers first differ.
    static Words countedWords(const Side &side, std::uint32_t a, std::uint32_t b)
    {
        const auto &one = side.units[side.atoms[a].unit].segments, &other = side.units[side.atoms[b].unit].segments;
        auto at = std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first;
        if (at == one.end())
            return {};
        if (numberingOf(*at).text == "{}" && at != one.begin())
            --at;
        return canonicalWords({*at});
    }

    bool isTold(const Match &x, const Match &y) const
    {
        constexpr float clearly = 0.4F;
        const auto plausible = [&](std::uint32_t a, std::uint32_t b) { return m_plausible.at(pairId(a, b)); };
        const float gained
            = plausible(x.source, x.target) + plausible(y.source, y.target) - plausible(x.source, y.target) - plausible(y.source, x.target);
        if (gained > clearly)
            return true;
        return (countAlike(x, y) && !mayCountDown(x, y)) || companionsTell(x, y);
    }

    const Side &m_source;
    const Side &m_target;
    std::unordered_map<std::uint64_t, float> m_plausible;
    std::unordered_map<std::string, std::vector<const Match *>> m_companions; ///< by parents on both sides
    std::vector<Numbering> m_sourceNumbers, m_targetNumbers; ///< by unit
    Runs m_sourceRuns, m_targetRuns;                         ///< by name without its numbers
};

/// The innermost part of the path that is no number.
std::string nameOf(const Side &side, std::uint32_t atom)
{
    const auto &segments = side.units[side.atoms[atom].unit].segments;
    const auto name = std::find_if(segments.rbegin(), segments.rend(), [](const std::string &s) { return numberingOf(s).text != "{}"; });
    return name == segments.rend() ? segments.back() : *name;
}

} // namespace

void doubtExchangeable(const Side &source, const Side &target, const std::vector<Candidacy> &candidates, std::vector<Match> &matches)
{
    const Exchanges exchanges(source, target, candidates, matches);
    std::vector<Match *> bySource(source.atoms.size(), nullptr), byTarget(target.atoms.size(), nullptr);
    for (auto &match : matches)
        bySource[match.source] = byTarget[match.target] = &match;
    for (const auto &c : candidates) {
        Match *mine = byTarget[c.target], *other = bySource[c.source];
        if (mine == nullptr || other == nullptr || mine == other)
            continue;
        const double limit = exchanges.limit(*mine, *other);
        if (limit == 1)
            continue;
        for (Match *match : {mine, other}) {
            if (match->values == ValuePrints::Verdict::Same)
                continue;
            match->confidence = std::min(match->confidence, limit);
            const Match *instead = match == mine ? other : mine;
            match->doubt = "by names and shapes it could as well be “" + nameOf(source, instead->source) + "”"
                + (limit == orderLost ? ", and sorted by name a file does not tell" : ": only the order of the files tells");
        }
    }
}

} // namespace rekey
