// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/rulematching.h"

#include <fmt/format.h>

#include <functional>
#include <iterator>
#include <numeric>

namespace rekey {

namespace {

using Kind = PatternValue::Kind;

/// Values as text to hash; distinct value lists give distinct texts.
void appendJoined(const PatternValue &value, std::string &text)
{
    if (value.kind == Kind::Text)
        fmt::format_to(std::back_inserter(text), "{}:{}", value.text.size(), value.text);
    else
        text.append(reinterpret_cast<const char *>(&value.number), sizeof value.number);
}

std::string joined(std::span<const PatternValue> values, const std::vector<std::size_t> &which)
{
    std::string text;
    for (const std::size_t i : which)
        appendJoined(values[i], text);
    return text;
}

bool isLess(const PatternValue &a, const PatternValue &b)
{
    return a.kind == Kind::Text ? a.text < b.text : a.number < b.number;
}

bool isEqual(const PatternValue &a, const PatternValue &b)
{
    return a.kind == b.kind && (a.kind == Kind::Text ? a.text == b.text : a.number == b.number);
}

/// One matching key: its values by rule variable.
struct Row
{
    std::vector<PatternValue> values;
    std::uint32_t key = 0;
};

/// The keys that one pattern gathers for the same shared values.
struct Bundle
{
    std::vector<PatternValue> values; ///< of the first row
    std::vector<std::uint32_t> keys;
    std::string gathered;             ///< the gathered values, joined
};

/// The variables of one pattern by their part in the rule, without doubles.
struct Columns
{
    std::vector<std::size_t> shared, own;
};

Columns columns(const std::vector<std::size_t> &slots, const RuleVariables &variables, bool source)
{
    Columns result;
    for (const std::size_t variable : slots) {
        const RuleVariables::Variable &v = variables.variables()[variable];
        auto &list = (source ? v.gathers() : v.scatters()) ? result.own : result.shared;
        if (std::ranges::find(list, variable) == list.end())
            list.push_back(variable);
    }
    return result;
}

std::vector<Row> matchingRows(const Pattern &pattern, const std::vector<std::size_t> &slots, const RuleVariables &variables, KeyTable &keys)
{
    std::vector<Row> rows;
    keys.forEachMatch(pattern, [&](std::uint32_t key, std::span<const PatternValue> values) {
        Row row{std::vector<PatternValue>(variables.variables().size()), key};
        for (std::size_t i = 0; i < slots.size(); ++i) {
            PatternValue value = values[i];
            if (!variables.normalise(slots[i], value))
                return;
            row.values[slots[i]] = value;
        }
        rows.push_back(std::move(row));
    });
    return rows;
}

void sortByOwn(std::vector<Row> &rows, const std::vector<std::size_t> &own)
{
    std::ranges::stable_sort(rows, [&own](const Row &a, const Row &b) {
        for (const std::size_t i : own) {
            if (!isEqual(a.values[i], b.values[i]))
                return isLess(a.values[i], b.values[i]);
        }
        return false;
    });
}

/// A number that is left out between the gathered ones: a shard or an expert that is not in the file.
std::string gapBetween(const std::vector<Row> &rows, const Columns &columns, const RuleVariables &variables)
{
    if (columns.own.size() != 1)
        return {};
    const std::size_t variable = columns.own.front();
    std::unordered_map<std::string, std::int64_t> last;
    for (const Row &row : rows) {
        const PatternValue &value = row.values[variable];
        if (value.kind == Kind::Text)
            return {};
        const auto [previous, isNew] = last.emplace(joined(row.values, columns.shared), value.number);
        if (!isNew && value.number != previous->second + 1)
            return fmt::format("{} = {} is missing between {} and {}", variables.variables()[variable].name, previous->second + 1,
                               previous->second, value.number);
        previous->second = value.number;
    }
    return {};
}

std::vector<Bundle> bundles(std::vector<Row> rows, const Columns &columns)
{
    std::vector<Bundle> result;
    if (columns.own.empty()) {
        for (Row &row : rows)
            result.push_back({std::move(row.values), {row.key}, {}});
        return result;
    }
    std::unordered_map<std::string, std::size_t> known;
    for (Row &row : rows) {
        const auto [at, isNew] = known.emplace(joined(row.values, columns.shared), result.size());
        if (isNew)
            result.emplace_back();
        Bundle &bundle = result[at->second];
        bundle.keys.push_back(row.key);
        for (const std::size_t i : columns.own)
            appendJoined(row.values[i], bundle.gathered);
        if (isNew) {
            for (const std::size_t i : columns.own)
                row.values[i] = {};
            bundle.values = std::move(row.values);
        }
    }
    return result;
}

/// An application in the making: keys by pattern.
struct Partial
{
    std::vector<PatternValue> values;
    std::vector<std::vector<std::uint32_t>> keys;
    std::vector<std::string> gathered;
};

/// Natural join of what is there with one more pattern's bundles, over the variables that both have.
std::vector<Partial> join(std::vector<Partial> partials, const std::vector<Bundle> &more, const std::vector<std::size_t> &common,
                          std::size_t pattern, std::uint32_t &incomplete, std::vector<PatternValue> &orphan)
{
    std::unordered_map<std::string, std::vector<const Bundle *>> byValues;
    for (const Bundle &bundle : more)
        byValues[joined(bundle.values, common)].push_back(&bundle);
    std::vector<Partial> result;
    std::unordered_map<std::string, bool> used;
    for (Partial &partial : partials) {
        const std::string values = joined(partial.values, common);
        const auto found = byValues.find(values);
        if (found == byValues.end()) {
            ++incomplete;
            orphan = partial.values;
            continue;
        }
        used.emplace(values, true);
        for (const Bundle *bundle : found->second) {
            Partial next = partial;
            for (std::size_t i = 0; i < next.values.size(); ++i) {
                if (next.values[i].kind == Kind::Unset)
                    next.values[i] = bundle->values[i];
            }
            next.keys[pattern] = bundle->keys;
            next.gathered[pattern] = bundle->gathered;
            result.push_back(std::move(next));
            if (result.size() > mostApplications)
                return result;
        }
    }
    if (!partials.empty())
        incomplete += static_cast<std::uint32_t>(byValues.size() - used.size());
    return result;
}

std::string valuesText(const RuleVariables &variables, std::span<const PatternValue> values)
{
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i].kind == Kind::Unset)
            continue;
        const std::string value = values[i].kind == Kind::Number ? fmt::format("{}", values[i].number) : std::string(values[i].text);
        text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", variables.variables()[i].name, value);
    }
    return text;
}

} // namespace

RuleVariables::RuleVariables(const Rule &rule)
{
    for (const Pattern &pattern : rule.sources)
        m_sources.push_back(add(pattern, true));
    for (const Pattern &pattern : rule.targets)
        m_targets.push_back(add(pattern, false));
}

std::vector<std::size_t> RuleVariables::add(const Pattern &pattern, bool source)
{
    std::vector<std::size_t> result;
    for (const Pattern::Variable &slot : pattern.slots()) {
        auto found = std::ranges::find(m_variables, slot.name, &Variable::name);
        if (found == m_variables.end()) {
            m_variables.push_back({slot.name, {}, false, false});
            found = m_variables.end() - 1;
        }
        (source ? found->inSources : found->inTargets) = true;
        if (found->alternatives.empty())
            found->alternatives = slot.alternatives;
        else if (!slot.alternatives.empty() && slot.alternatives.size() != found->alternatives.size())
            m_problem = fmt::format("{{{}}} has {} alternatives in one pattern and {} in another; they are paired by position", slot.name,
                                    found->alternatives.size(), slot.alternatives.size());
        result.push_back(static_cast<std::size_t>(found - m_variables.begin()));
    }
    return result;
}

bool RuleVariables::normalise(std::size_t variable, PatternValue &value) const
{
    const std::vector<std::string> &alternatives = m_variables[variable].alternatives;
    if (alternatives.empty())
        return true;
    if (value.kind != Kind::Choice) {
        const std::string number = value.kind == Kind::Number ? fmt::format("{}", value.number) : std::string();
        const auto found = std::ranges::find(alternatives, value.kind == Kind::Number ? std::string_view(number) : value.text);
        if (found == alternatives.end())
            return false;
        value.number = found - alternatives.begin();
    }
    if (static_cast<std::size_t>(value.number) >= alternatives.size())
        return false;
    value = {Kind::Choice, value.number, alternatives[static_cast<std::size_t>(value.number)]};
    return true;
}

RuleMatches matchSources(const Rule &rule, const RuleVariables &variables, KeyTable &source)
{
    RuleMatches result;
    const std::size_t patterns = rule.sources.size();
    std::vector<Columns> columnsOf;
    for (std::size_t i = 0; i < patterns; ++i)
        columnsOf.push_back(columns(variables.ofSource(i), variables, true));
    // Patterns with most shared variables first: they say which applications there are.
    std::vector<std::size_t> order(patterns);
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return columnsOf[i].shared.size(); });

    std::vector<Partial> partials;
    std::vector<std::size_t> bound;
    std::vector<PatternValue> orphan;
    std::size_t orphanPattern = 0;
    for (const std::size_t pattern : order) {
        const Columns &own = columnsOf[pattern];
        std::vector<Row> rows = matchingRows(rule.sources[pattern], variables.ofSource(pattern), variables, source);
        if (!own.own.empty()) {
            sortByOwn(rows, own.own);
            if (result.gap.empty())
                result.gap = gapBetween(rows, own, variables);
        }
        if (patterns == 1 && own.own.empty()) { // most rules; every key is an application by itself
            for (Row &row : rows)
                result.matches.push_back({std::move(row.values), {row.key}});
            break;
        }
        std::vector<Bundle> found = bundles(std::move(rows), own);
        if (pattern == order.front()) {
            for (Bundle &bundle : found) {
                Partial partial{std::move(bundle.values), {}, {}};
                partial.keys.resize(patterns);
                partial.gathered.resize(patterns);
                partial.keys[pattern] = std::move(bundle.keys);
                partial.gathered[pattern] = std::move(bundle.gathered);
                partials.push_back(std::move(partial));
            }
            bound = own.shared;
            continue;
        }
        std::vector<std::size_t> common;
        std::ranges::copy_if(own.shared, std::back_inserter(common),
                             [&](std::size_t v) { return std::ranges::find(bound, v) != bound.end(); });
        const std::uint32_t before = result.incomplete;
        partials = join(std::move(partials), found, common, pattern, result.incomplete, orphan);
        if (partials.size() > mostApplications) {
            RuleMatches nothing;
            nothing.tooMany = true;
            return nothing;
        }
        if (result.incomplete != before)
            orphanPattern = pattern;
        for (const std::size_t v : own.shared) {
            if (std::ranges::find(bound, v) == bound.end())
                bound.push_back(v);
        }
    }
    for (Partial &partial : partials) {
        // Patterns that gather over the same variable must gather the same numbers.
        bool even = true;
        for (std::size_t i = 1; i < patterns; ++i)
            even = even && (columnsOf[i].own != columnsOf[0].own || partial.gathered[i] == partial.gathered[0]);
        if (!even) {
            ++result.incomplete;
            orphan = partial.values;
            orphanPattern = 0;
            continue;
        }
        RuleMatch match{std::move(partial.values), {}};
        for (const std::vector<std::uint32_t> &keys : partial.keys)
            match.sources.insert(match.sources.end(), keys.begin(), keys.end());
        result.matches.push_back(std::move(match));
    }
    if (result.incomplete > 0) {
        const std::string values = valuesText(variables, orphan);
        result.example = fmt::format("no key for '{}'{}", rule.sources[orphanPattern].text(), values.empty() ? "" : " with " + values);
    }
    std::ranges::stable_sort(result.matches, {}, [](const RuleMatch &match) { return match.sources.front(); });
    return result;
}

TargetFinder::TargetFinder(const Rule &rule, const RuleVariables &variables, KeyTable *target)
    : m_rule(rule)
    , m_variables(variables)
    , m_target(target)
    , m_found(rule.targets.size())
{
    for (std::size_t pattern = 0; pattern < rule.targets.size(); ++pattern) {
        const Columns own = columns(variables.ofTarget(pattern), variables, false);
        m_patternScatters.push_back(!own.own.empty());
        if (own.own.empty())
            continue;
        m_scatters = true;
        if (!target)
            continue;
        std::vector<Row> rows = matchingRows(rule.targets[pattern], variables.ofTarget(pattern), variables, *target);
        sortByOwn(rows, own.own);
        for (const Row &row : rows)
            m_found[pattern][joined(row.values, own.shared)].push_back(row.key);
    }
}

void TargetFinder::addExpanded(std::size_t pattern, std::span<const PatternValue> values, std::vector<Target> &found) const
{
    const std::vector<std::size_t> &slots = m_variables.ofTarget(pattern);
    std::vector<PatternValue> own(slots.size());
    for (std::size_t i = 0; i < slots.size(); ++i)
        own[i] = values[slots[i]];
    Target target;
    if (!m_rule.targets[pattern].expand(own, target.key))
        return;
    if (m_target)
        target.index = m_target->find(target.key);
    found.push_back(std::move(target));
}

/// Without a target schema the scattering variable counts from 0, or runs over its alternatives.
void TargetFinder::addCounted(std::size_t pattern, std::vector<PatternValue> values, std::size_t outputs, std::vector<Target> &found) const
{
    const Columns own = columns(m_variables.ofTarget(pattern), m_variables, false);
    const std::size_t each = outputs / m_rule.targets.size();
    for (std::size_t i = 0; i < each && own.own.size() == 1; ++i) {
        PatternValue &value = values[own.own.front()];
        value = {Kind::Number, static_cast<std::int64_t>(i), {}};
        if (!m_variables.variables()[own.own.front()].alternatives.empty()) {
            value.kind = Kind::Choice;
            if (!m_variables.normalise(own.own.front(), value))
                return;
        }
        addExpanded(pattern, values, found);
    }
}

std::vector<TargetFinder::Target> TargetFinder::targets(const RuleMatch &match, std::size_t outputs) const
{
    std::vector<Target> found;
    for (std::size_t pattern = 0; pattern < m_rule.targets.size(); ++pattern) {
        const std::size_t before = found.size();
        if (!m_patternScatters[pattern]) {
            addExpanded(pattern, match.values, found);
        } else if (!m_target) {
            addCounted(pattern, match.values, outputs, found);
        } else {
            const Columns own = columns(m_variables.ofTarget(pattern), m_variables, false);
            const auto keys = m_found[pattern].find(joined(match.values, own.shared));
            for (std::size_t i = 0; keys != m_found[pattern].end() && i < keys->second.size(); ++i) {
                const std::uint32_t index = keys->second[i];
                found.push_back({m_target->schema().tensors[index].key, index});
            }
        }
        if (found.size() == before)
            return {};
    }
    return found;
}

} // namespace rekey
