// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/protorule.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace rekey {

namespace {

using Segments = std::vector<std::string>;

std::string join(const Segments &segments, std::size_t begin, std::size_t end)
{
    std::string text;
    for (std::size_t i = begin; i < end; ++i)
        text += segments[i];
    return text;
}

/// What rules must share to become one.
std::string kindOf(const ProtoRule &rule, const ExactPairings &exact)
{
    const Pairing &pairing = exact.at(rule.pairings.front());
    return transformText(pairing.transform) + '\n' + std::string(ruleStateName(pairing.state)) + '\n' + std::to_string(rule.sources.size())
        + '\n' + std::to_string(rule.targets.size()) + '\n';
}

std::vector<std::uint32_t> allPairings(const std::vector<ProtoRule> &rules, const std::vector<std::size_t> &which)
{
    std::vector<std::uint32_t> result;
    for (const std::size_t r : which)
        result.insert(result.end(), rules[r].pairings.begin(), rules[r].pairings.end());
    std::sort(result.begin(), result.end());
    return result;
}

void replaceRules(std::vector<ProtoRule> &rules, const std::vector<bool> &gone, std::vector<ProtoRule> added)
{
    std::vector<ProtoRule> kept;
    for (std::size_t r = 0; r < rules.size(); ++r)
        if (!gone[r])
            kept.push_back(std::move(rules[r]));
    for (auto &rule : added)
        kept.push_back(std::move(rule));
    rules = std::move(kept);
}

// ---------------------------------------------------------------- subtrees that keep their names

struct Renaming
{
    std::string from, to;                  ///< prefixes
    std::vector<std::size_t> rules;
    std::vector<Segments> rests;           ///< by rule
};

class RestMerger
{
public:
    RestMerger(std::vector<ProtoRule> &rules, const ExactPairings &exact) : m_rules(rules), m_exact(exact), m_gone(rules.size()) {}

    void run()
    {
        std::map<std::tuple<std::string, std::string, std::string>, Renaming> renamings;
        for (std::size_t r = 0; r < m_rules.size(); ++r) {
            if (m_rules[r].sources.size() != 1 || m_rules[r].targets.size() != 1)
                continue;
            const Segments from = patternSegments(m_rules[r].sources.front()), to = patternSegments(m_rules[r].targets.front());
            std::size_t common = 0;
            while (common < from.size() && common < to.size() && from[from.size() - 1 - common] == to[to.size() - 1 - common])
                ++common;
            if (common == 0)
                continue;
            auto &renaming = renamings[{join(from, 0, from.size() - common), join(to, 0, to.size() - common), kindOf(m_rules[r], m_exact)}];
            renaming.from = join(from, 0, from.size() - common);
            renaming.to = join(to, 0, to.size() - common);
            renaming.rules.push_back(r);
            renaming.rests.emplace_back(from.end() - static_cast<std::ptrdiff_t>(common), from.end());
        }
        for (const auto &[key, renaming] : renamings) {
            std::vector<std::size_t> members(renaming.rules.size());
            for (std::size_t m = 0; m < members.size(); ++m)
                members[m] = m;
            descend(renaming, members, 0);
        }
        replaceRules(m_rules, m_gone, std::move(m_added));
    }

private:
    /// Tries "prefix.{rest}" for members that agree in their first `depth` segments; then each next segment apart.
    void descend(const Renaming &renaming, const std::vector<std::size_t> &members, std::size_t depth)
    {
        if (members.size() < 2)
            return;
        std::vector<std::size_t> rules;
        bool leaves = true;
        for (const std::size_t m : members) {
            rules.push_back(renaming.rules[m]);
            leaves = leaves && renaming.rests[m].size() == depth + 1;
        }
        const Segments &shared = renaming.rests[members.front()];
        const std::string keep = join(shared, 0, depth);
        const std::string variable = leaves ? "{leaf}" : "{rest}";
        ProtoRule merged{{renaming.from + keep + variable}, {renaming.to + keep + variable}, allPairings(m_rules, rules)};
        if (m_exact.holds(merged)) {
            for (const std::size_t r : rules)
                m_gone[r] = true;
            m_added.push_back(std::move(merged));
            return;
        }
        std::map<std::string, std::vector<std::size_t>> next;
        for (const std::size_t m : members)
            if (renaming.rests[m].size() > depth + 1)
                next[renaming.rests[m][depth]].push_back(m);
        for (const auto &[segment, below] : next)
            descend(renaming, below, depth + 1);
    }

    std::vector<ProtoRule> &m_rules;
    const ExactPairings &m_exact;
    std::vector<bool> m_gone;
    std::vector<ProtoRule> m_added;
};

// ---------------------------------------------------------------- one place that differs

/// A rule with one span of segments of each key cut out.
struct Gap
{
    std::size_t rule = 0;
    std::string from, to; ///< what stands in the gap of every source, of every target
};

struct Frame
{
    std::vector<std::pair<std::string, std::string>> sources, targets; ///< before and after the gap
    std::vector<Gap> gaps;
};

bool cutGap(const std::vector<std::string> &keys, std::size_t below, std::size_t length,
            std::vector<std::pair<std::string, std::string>> &around, std::string &gap)
{
    for (const auto &key : keys) {
        const Segments segments = patternSegments(key);
        if (segments.size() < below + length)
            return false;
        const std::size_t begin = segments.size() - below - length, end = begin + length;
        std::string text = join(segments, begin, end), after = join(segments, end, segments.size());
        // The separator after the gap stays outside.
        if (!text.empty() && (text.back() == '.' || text.back() == '/')) {
            after.insert(after.begin(), text.back());
            text.pop_back();
        }
        if (&key != &keys.front() && text != gap)
            return false;
        gap = text;
        around.emplace_back(join(segments, 0, begin), after);
    }
    return true;
}

/// Longest text that all begin with and that ends at '_' (or '.').
std::size_t commonBeginning(const Segments &texts)
{
    std::size_t common = texts.front().size();
    for (const auto &text : texts) {
        std::size_t n = 0;
        while (n < std::min(common, text.size()) && text[n] == texts.front()[n])
            ++n;
        common = n;
    }
    while (common > 0 && texts.front()[common - 1] != '_' && texts.front()[common - 1] != '.')
        --common;
    return common;
}

std::size_t commonEnd(Segments texts)
{
    for (auto &text : texts)
        std::reverse(text.begin(), text.end());
    return commonBeginning(texts);
}

struct Listed
{
    std::string before, after;
    Segments alternatives;
};

Listed listed(Segments texts)
{
    Listed result;
    const std::size_t begin = commonBeginning(texts);
    result.before = texts.front().substr(0, begin);
    for (auto &text : texts)
        text.erase(0, begin);
    const std::size_t end = commonEnd(texts);
    result.after = texts.front().substr(texts.front().size() - end);
    for (auto &text : texts)
        text.erase(text.size() - end);
    result.alternatives = std::move(texts);
    return result;
}

std::string alternativesText(const std::string &name, const Segments &alternatives)
{
    std::string text = "{" + name + ":";
    for (const auto &alternative : alternatives)
        text += (text.back() == ':' ? "" : "|") + alternative;
    return text + "}";
}

/// Whether a list gathers parts of different modules: a person would write a rule for each.
bool severalModules(const std::vector<std::pair<std::string, std::string>> &around, const Listed &listed)
{
    const auto isDotted = [](const std::string &text) { return text.find_first_of("./") != std::string::npos; };
    const auto isNumbered = [](const std::string &text) { return !text.empty() && text.front() >= '0' && text.front() <= '9'; };
    if (std::none_of(listed.alternatives.begin(), listed.alternatives.end(), isDotted))
        return false;
    const bool atTop = around.front().first.empty() && listed.before.empty();
    return atTop || !std::all_of(listed.alternatives.begin(), listed.alternatives.end(), isNumbered);
}

class GapMerger
{
public:
    struct Limits { std::size_t below, longest, most; };

    GapMerger(std::vector<ProtoRule> &rules, const ExactPairings &exact, std::string variable, Limits limits)
        : m_rules(rules), m_exact(exact), m_variable(std::move(variable)), m_limits(limits), m_gone(rules.size())
    {
    }

    void run()
    {
        collect();
        std::vector<const Frame *> order;
        for (const auto &[key, frame] : m_frames)
            if (frame.gaps.size() > 1)
                order.push_back(&frame);
        std::stable_sort(order.begin(), order.end(), [](const Frame *a, const Frame *b) { return a->gaps.size() > b->gaps.size(); });
        for (const Frame *frame : order)
            merge(*frame);
        replaceRules(m_rules, m_gone, std::move(m_added));
    }

private:
    void collect()
    {
        for (std::size_t r = 0; r < m_rules.size(); ++r) {
            const std::string kind = kindOf(m_rules[r], m_exact);
            if (m_rules[r].sources.front().find('{' + m_variable) != std::string::npos)
                continue;
            for (std::size_t belowFrom = 0; belowFrom <= m_limits.below; ++belowFrom)
                for (std::size_t belowTo = 0; belowTo <= m_limits.below; ++belowTo)
                    for (std::size_t from = 1; from <= m_limits.longest; ++from)
                        for (std::size_t to = 1; to <= m_limits.longest; ++to)
                            collectGap(r, kind, {belowFrom, from}, {belowTo, to});
        }
    }

    void collectGap(std::size_t r, const std::string &kind, std::pair<std::size_t, std::size_t> from,
                    std::pair<std::size_t, std::size_t> to)
    {
        Frame frame;
        Gap gap{r, {}, {}};
        if (!cutGap(m_rules[r].sources, from.first, from.second, frame.sources, gap.from)
            || !cutGap(m_rules[r].targets, to.first, to.second, frame.targets, gap.to))
            return;
        if (gap.from.find('{') != std::string::npos || gap.to.find('{') != std::string::npos)
            return;
        std::string key = kind;
        for (const auto &sides : {frame.sources, frame.targets})
            for (const auto &[before, after] : sides)
                key += before + '\x01' + after + '\x02';
        auto &entry = m_frames[key];
        if (entry.gaps.empty())
            entry = std::move(frame);
        entry.gaps.push_back(std::move(gap));
    }

    void merge(const Frame &frame)
    {
        std::vector<Gap> gaps;
        for (const auto &gap : frame.gaps)
            if (!m_gone[gap.rule])
                gaps.push_back(gap);
        if (gaps.size() < 2 || gaps.size() > m_limits.most)
            return;
        std::vector<std::size_t> which;
        Segments from, to;
        std::set<std::string> distinctFrom, distinctTo;
        for (const auto &gap : gaps) {
            which.push_back(gap.rule);
            from.push_back(gap.from);
            to.push_back(gap.to);
            distinctFrom.insert(gap.from);
            distinctTo.insert(gap.to);
        }
        if (distinctFrom.size() != gaps.size() || distinctTo.size() != gaps.size())
            return;
        const Listed source = listed(from), target = listed(to);
        if (severalModules(frame.sources, source) && severalModules(frame.targets, target))
            return;
        if (source.alternatives == target.alternatives
            && tryMerge(frame, which, source, target, '{' + m_variable + '}', '{' + m_variable + '}'))
            return;
        const auto empty = [](const std::string &text) { return text.empty(); };
        const bool whole = std::any_of(source.alternatives.begin(), source.alternatives.end(), empty)
            || std::any_of(target.alternatives.begin(), target.alternatives.end(), empty);
        const Listed wholeSource{{}, {}, from}, wholeTarget{{}, {}, to};
        const Listed &s = whole ? wholeSource : source, &t = whole ? wholeTarget : target;
        tryMerge(frame, which, s, t, alternativesText(m_variable, s.alternatives), alternativesText(m_variable, t.alternatives));
    }

    bool tryMerge(const Frame &frame, const std::vector<std::size_t> &which, const Listed &source, const Listed &target,
                  const std::string &from, const std::string &to)
    {
        ProtoRule merged;
        for (const auto &[before, after] : frame.sources)
            merged.sources.push_back(before + source.before + from + source.after + after);
        for (const auto &[before, after] : frame.targets)
            merged.targets.push_back(before + target.before + to + target.after + after);
        merged.pairings = allPairings(m_rules, which);
        if (!m_exact.holds(merged))
            return false;
        for (const std::size_t r : which)
            m_gone[r] = true;
        m_added.push_back(std::move(merged));
        return true;
    }

    std::vector<ProtoRule> &m_rules;
    const ExactPairings &m_exact;
    std::string m_variable;
    Limits m_limits;
    std::map<std::string, Frame> m_frames;
    std::vector<bool> m_gone;
    std::vector<ProtoRule> m_added;
};

} // namespace

std::vector<ProtoRule> mergeNames(std::vector<ProtoRule> rules, const ExactPairings &exact)
{
    RestMerger(rules, exact).run();
    GapMerger(rules, exact, "leaf", {0, 1, 8}).run();
    GapMerger(rules, exact, "y", {3, 2, 6}).run();
    return rules;
}

} // namespace rekey
