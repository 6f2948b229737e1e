// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/protorule.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace rekey {

namespace {

using Column = std::vector<std::int64_t>; ///< one number of the keys, by member of the group

/// Literal pieces of all keys of a pairing and the numbers between them: literals[0] number[0] literals[1] …, the
/// keys separated by '\n'.
struct LiftedKeys
{
    std::string shape; ///< the literals, numbers as '\x01'
    std::vector<std::string> literals{1};
    std::vector<std::string> numbers; ///< as written
};

std::string escaped(char c)
{
    return c == '{' ? "{{" : c == '}' ? "}}" : std::string(1, c);
}

void liftInto(LiftedKeys &lifted, const std::string &key)
{
    for (std::size_t i = 0; i < key.size();) {
        const bool digit = std::isdigit(static_cast<unsigned char>(key[i])) != 0;
        std::size_t end = i;
        while (digit && end < key.size() && std::isdigit(static_cast<unsigned char>(key[end])))
            ++end;
        // "007" and numbers beyond reach stay text.
        if (!digit || end - i > 9 || (key[i] == '0' && end - i > 1)) {
            const std::size_t stop = digit ? end : i + 1;
            for (; i < stop; ++i) {
                lifted.shape += key[i];
                lifted.literals.back() += escaped(key[i]);
            }
            continue;
        }
        lifted.numbers.push_back(key.substr(i, end - i));
        lifted.literals.emplace_back();
        lifted.shape += '\x01';
        i = end;
    }
    lifted.shape += '\n';
    lifted.literals.back() += '\n';
}

struct Member
{
    std::uint32_t pairing;
    std::vector<std::int64_t> numbers;
};

struct Group
{
    std::vector<std::string> literals;
    std::size_t sourceKeys = 0;
    std::size_t sourceColumns = 0;
    std::vector<Member> members;
};

std::string expression(const std::string &name, std::int64_t sign, std::int64_t offset)
{
    if (sign < 0)
        return "{" + std::to_string(offset) + "-" + name + "}";
    if (offset == 0)
        return "{" + name + "}";
    return "{" + name + (offset > 0 ? "+" : "-") + std::to_string(std::abs(offset)) + "}";
}

/// Writes each column of a group as text: a number, an expression of variables, or listed alternatives.
class Fit
{
public:
    explicit Fit(const Group &group) : m_group(group), m_texts(group.literals.size() - 1)
    {
        for (std::size_t c = 0; c < m_texts.size(); ++c) {
            Column column;
            for (const auto &member : group.members)
                column.push_back(member.numbers[c]);
            m_columns.push_back(std::move(column));
        }
    }

    bool run()
    {
        for (std::size_t c = 0; c < m_columns.size(); ++c)
            if (!express(c) && c < m_group.sourceColumns)
                addVariable(c);
        for (std::size_t c = m_group.sourceColumns; c < m_columns.size(); ++c)
            if (m_texts[c].empty())
                m_open.push_back(c);
        return m_open.empty() || nest() || list();
    }

    ProtoRule rule() const
    {
        ProtoRule result;
        std::string all;
        for (std::size_t i = 0; i < m_group.literals.size(); ++i) {
            all += m_group.literals[i];
            if (i < m_texts.size())
                all += m_texts[i];
        }
        std::size_t begin = 0;
        for (std::size_t end; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1)
            (result.sources.size() < m_group.sourceKeys ? result.sources : result.targets).push_back(all.substr(begin, end - begin));
        for (const auto &member : m_group.members)
            result.pairings.push_back(member.pairing);
        return result;
    }

private:
    struct Variable { std::string name; std::size_t column; };

    static bool constant(const Column &column)
    {
        return std::all_of(column.begin(), column.end(), [&](std::int64_t v) { return v == column.front(); });
    }

    bool express(std::size_t c)
    {
        const Column &column = m_columns[c];
        if (constant(column)) {
            m_texts[c] = std::to_string(column.front());
            return true;
        }
        for (const auto &variable : m_variables)
            for (const std::int64_t sign : {1, -1})
                if (isOffset(column, m_columns[variable.column], sign)) {
                    m_texts[c] = expression(variable.name, sign, column.front() - sign * m_columns[variable.column].front());
                    return true;
                }
        return flatten(c);
    }

    static bool isOffset(const Column &a, const Column &b, std::int64_t sign)
    {
        for (std::size_t i = 1; i < a.size(); ++i)
            if (a[i] - sign * b[i] != a[0] - sign * b[0])
                return false;
        return true;
    }

    /// column = factor * one + other.
    bool flatten(std::size_t c)
    {
        for (const auto &one : m_variables)
            for (const auto &other : m_variables) {
                const std::int64_t factor = &one == &other ? 0 : factorOf(m_columns[c], m_columns[one.column], m_columns[other.column]);
                if (factor < 2)
                    continue;
                m_texts[c] = "{" + std::to_string(factor) + "*" + one.name + "+" + other.name + "}";
                return true;
            }
        return false;
    }

    /// factor ≥ 2 such that all[i] = factor * one[i] + other[i], and other below it; 0 when there is none.
    static std::int64_t factorOf(const Column &all, const Column &one, const Column &other)
    {
        std::int64_t factor = 0;
        for (std::size_t i = 0; i < all.size() && factor == 0; ++i)
            if (one[i] != 0)
                factor = (all[i] - other[i]) / one[i];
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all[i] != factor * one[i] + other[i] || other[i] >= factor || other[i] < 0)
                return 0;
        return factor;
    }

    void addVariable(std::size_t c)
    {
        static const std::string names = "ijklmopqrs";
        const std::string name = m_variables.size() < names.size() ? std::string(1, names[m_variables.size()]) : "";
        m_variables.push_back({name, c});
        m_texts[c] = "{" + name + "}";
    }

    /// One flat number of the source is two of the target: layers.{2*i+j} -> stages.{i}.layers.{j}.
    bool nest()
    {
        if (m_open.size() != 2 || m_variables.empty())
            return false;
        for (auto &variable : m_variables) {
            const std::int64_t factor = factorOf(m_columns[variable.column], m_columns[m_open[0]], m_columns[m_open[1]]);
            const bool alone = uses(variable.name) == 1;
            if (factor < 2 || !alone)
                continue;
            m_texts[variable.column] = "{" + std::to_string(factor) + "*v+w}";
            m_texts[m_open[0]] = "{v}";
            m_texts[m_open[1]] = "{w}";
            return true;
        }
        return false;
    }

    std::size_t uses(const std::string &name) const
    {
        return static_cast<std::size_t>(std::count_if(m_texts.begin(), m_texts.end(), [&](const std::string &text) {
            return !text.empty() && text.front() == '{' && text.find(name) != std::string::npos;
        }));
    }

    /// Where no arithmetic holds: the values of one source number listed beside what they become.
    bool list()
    {
        constexpr std::size_t longestList = 40;
        const std::size_t first = m_open.front(), last = m_open.back();
        for (std::size_t c = first; c < last; ++c)
            if (m_group.literals[c + 1].find('\n') != std::string::npos || m_group.literals[c + 1].find_first_of("{}") != std::string::npos)
                return false;
        for (const auto &variable : m_variables) {
            if (uses(variable.name) != 1)
                continue;
            std::map<std::int64_t, std::string> becomes;
            if (!functionOf(variable.column, first, last, becomes) || becomes.size() > longestList)
                continue;
            std::string from = "{" + letterX() + ":", to = from;
            for (const auto &[value, text] : becomes) {
                const char *bar = from.back() == ':' ? "" : "|";
                from += bar + std::to_string(value);
                to += bar + text;
            }
            m_texts[variable.column] = from + "}";
            m_texts[first] = to + "}";
            clearSpan(first, last);
            return true;
        }
        return false;
    }

    bool functionOf(std::size_t column, std::size_t first, std::size_t last, std::map<std::int64_t, std::string> &becomes) const
    {
        std::set<std::string> texts;
        for (std::size_t m = 0; m < m_group.members.size(); ++m) {
            std::string text;
            for (std::size_t c = first; c <= last; ++c) {
                text += std::to_string(m_columns[c][m]);
                if (c < last)
                    text += m_group.literals[c + 1];
            }
            const auto [entry, isNew] = becomes.emplace(m_columns[column][m], text);
            if (!isNew && entry->second != text)
                return false;
            if (isNew && !texts.insert(text).second)
                return false;
        }
        return true;
    }

    /// The alternatives hold the literals between the columns.
    void clearSpan(std::size_t first, std::size_t last)
    {
        for (std::size_t c = first + 1; c <= last; ++c) {
            m_group.literals[c].clear();
            m_texts[c].clear();
        }
    }

    static std::string letterX() { return "x"; }

    Group m_group;
    std::vector<std::string> m_texts;
    std::vector<Column> m_columns;
    std::vector<Variable> m_variables;
    std::vector<std::size_t> m_open;
};

/// Halves a group at the column with the fewest values.
std::vector<Group> partition(const Group &group)
{
    std::size_t column = 0, fewest = group.members.size() + 1;
    for (std::size_t c = 0; c < group.members.front().numbers.size(); ++c) {
        std::set<std::int64_t> values;
        for (const auto &member : group.members)
            values.insert(member.numbers[c]);
        if (values.size() > 1 && values.size() < fewest) {
            fewest = values.size();
            column = c;
        }
    }
    std::map<std::int64_t, Group> parts;
    for (const auto &member : group.members) {
        Group &part = parts[member.numbers[column]];
        if (part.members.empty())
            part = {group.literals, group.sourceKeys, group.sourceColumns, {}};
        part.members.push_back(member);
    }
    std::vector<Group> result;
    for (auto &[value, part] : parts)
        result.push_back(std::move(part));
    return result;
}

void fitInto(std::vector<ProtoRule> &rules, const Group &group, const ExactPairings &exact)
{
    Fit fit(group);
    if (fit.run()) {
        ProtoRule rule = fit.rule();
        if (group.members.size() == 1 || exact.holds(rule)) {
            rules.push_back(std::move(rule));
            return;
        }
    }
    for (const auto &part : partition(group))
        fitInto(rules, part, exact);
}

} // namespace

std::vector<ProtoRule> liftNumbers(const ExactPairings &exact)
{
    std::map<std::string, std::size_t> byShape;
    std::vector<Group> groups;
    for (std::uint32_t p = 0; p < exact.size(); ++p) {
        const Pairing &pairing = exact.at(p);
        LiftedKeys lifted;
        for (const auto s : pairing.sources)
            liftInto(lifted, exact.sourceKey(s));
        const std::size_t sourceColumns = lifted.numbers.size();
        for (const auto t : pairing.targets)
            liftInto(lifted, exact.targetKey(t));
        lifted.shape += std::to_string(pairing.sources.size()) + '\n' + transformText(pairing.transform) + '\n'
            + std::string(ruleStateName(pairing.state));
        const auto [entry, isNew] = byShape.emplace(lifted.shape, groups.size());
        if (isNew)
            groups.push_back({lifted.literals, pairing.sources.size(), sourceColumns, {}});
        Member member{p, {}};
        for (const auto &number : lifted.numbers)
            member.numbers.push_back(std::stoll(number));
        groups[entry->second].members.push_back(std::move(member));
    }
    std::vector<ProtoRule> rules;
    for (const auto &group : groups)
        fitInto(rules, group, exact);
    return rules;
}

} // namespace rekey
