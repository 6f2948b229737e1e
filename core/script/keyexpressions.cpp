// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/keyexpressions.h"

#include "core/mapping/patterntokens.h"
#include "core/mapping/rulevariables.h"
#include "core/script/pythonpatterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace rekey {

namespace {

using Token = PatternToken;
using Kind = PatternToken::Kind;
/// Variables that are replaced: numbers as they are, alternatives by position.
using Replacements = std::map<std::string, std::int64_t>;

std::string escaped(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (std::string_view(".^$*+?()[]{}|\\").find(c) != std::string_view::npos)
            result += '\\';
        result += c;
    }
    return result;
}

std::string withoutBackslashes(std::string_view text)
{
    std::string result;
    for (const char c : text)
        result += c == '\\' ? std::string("\\\\") : std::string(1, c);
    return result;
}

bool isSum(const Token &token)
{
    return token.kind == Kind::Number && (token.terms.size() > 1 || token.terms.front().factor != 1 || token.constant != 0);
}

const std::string &nameOf(const Pattern &pattern, const Token &token)
{
    return pattern.slots()[token.kind == Kind::Number ? token.terms.front().slot : token.slot].name;
}

std::string expressionOf(const Token &token)
{
    switch (token.kind) {
    case Kind::Literal: return escaped(token.text);
    case Kind::Number: return "\\d+";
    case Kind::Rest: return ".+";
    case Kind::Segment: return "[^./]+";
    case Kind::Choice: break;
    }
    std::string text;
    for (const std::string &alternative : token.alternatives)
        text += (text.empty() ? "" : "|") + escaped(alternative);
    return text;
}

/// Tokens at the end of both sides that say the same; the first of them begins after a whole literal.
std::size_t sharedTokens(const Pattern &source, const Pattern &target)
{
    const auto &from = source.compiled().tokens, &to = target.compiled().tokens;
    std::size_t count = 0;
    while (count < from.size() && count < to.size()) {
        const Token &a = from[from.size() - 1 - count], &b = to[to.size() - 1 - count];
        if (a.kind != b.kind || a.text != b.text || a.alternatives != b.alternatives
            || (a.kind != Kind::Literal && nameOf(source, a) != nameOf(target, b)))
            break;
        ++count;
    }
    // A variable that stands on the other side of the cut as well has to keep its group.
    for (; count > 0; --count) {
        std::set<std::string> inside, outside;
        for (const auto &[pattern, tokens] : {std::pair(&source, &from), std::pair(&target, &to)}) {
            for (std::size_t i = 0; i < tokens->size(); ++i) {
                if ((*tokens)[i].kind != Kind::Literal)
                    (i + count >= tokens->size() ? inside : outside).insert(nameOf(*pattern, (*tokens)[i]));
            }
        }
        if (std::ranges::none_of(inside, [&](const std::string &name) { return outside.contains(name); }))
            break;
    }
    return count;
}

/// The numbers that a rule computes with, and variables whose alternatives differ between its patterns.
std::set<std::string> unsayable(const Rule &rule)
{
    std::set<std::string> names;
    std::map<std::string, std::vector<std::string>> lists;
    for (const auto *side : {&rule.sources, &rule.targets}) {
        for (const Pattern &pattern : *side) {
            for (const Token &token : pattern.compiled().tokens) {
                for (std::size_t i = 0; isSum(token) && i < token.terms.size(); ++i)
                    names.insert(pattern.slots()[token.terms[i].slot].name);
                if (token.kind == Kind::Choice
                    && lists.emplace(nameOf(pattern, token), token.alternatives).first->second != token.alternatives)
                    names.insert(nameOf(pattern, token));
            }
        }
    }
    return names;
}

std::string braces(std::string_view text)
{
    std::string result;
    for (const char c : text)
        result += c == '{' || c == '}' ? std::string(2, c) : std::string(1, c);
    return result;
}

Pattern replaced(const Pattern &pattern, const Replacements &values)
{
    std::string text;
    for (const Token &token : pattern.compiled().tokens) {
        const std::string_view own = std::string_view(pattern.text()).substr(token.begin, token.end - token.begin);
        const auto value = token.kind == Kind::Literal ? values.end() : values.find(nameOf(pattern, token));
        if (value == values.end()) {
            text += own;
        } else if (token.kind == Kind::Choice) {
            text += braces(token.alternatives.at(static_cast<std::size_t>(value->second)));
        } else {
            std::int64_t sum = token.constant;
            for (const Token::Term &term : token.terms)
                sum += term.factor * values.at(pattern.slots()[term.slot].name);
            text += fmt::format("{}", sum);
        }
    }
    return Pattern::parse(text);
}

Rule replaced(const Rule &rule, const Replacements &values)
{
    Rule result = rule;
    for (auto *side : {&result.sources, &result.targets}) {
        for (Pattern &pattern : *side)
            pattern = replaced(pattern, values);
    }
    return result;
}

/// What the source keys of one application give the variables.
std::optional<Replacements> valuesOf(const Rule &rule, const std::set<std::string> &names, const std::vector<std::uint32_t> &sources,
                                     const Schema &schema)
{
    Replacements values;
    for (const Pattern &pattern : rule.sources) {
        for (const std::uint32_t source : sources) {
            std::vector<PatternValue> found(pattern.slots().size());
            if (!pattern.match(schema.tensors[source].key, found))
                continue;
            for (std::size_t i = 0; i < found.size(); ++i) {
                if (names.contains(pattern.slots()[i].name) && found[i].kind != PatternValue::Kind::Text)
                    values.emplace(pattern.slots()[i].name, found[i].number);
            }
            break;
        }
    }
    return values.size() == names.size() ? std::optional(values) : std::nullopt;
}

/// Every combination of the alternatives, where all that is to be replaced has some.
std::vector<Replacements> allAlternatives(const Rule &rule, const std::set<std::string> &names)
{
    std::map<std::string, std::size_t> counts;
    for (const Pattern &pattern : rule.sources) {
        for (const Pattern::Variable &variable : pattern.slots()) {
            if (names.contains(variable.name) && !variable.alternatives.empty())
                counts.emplace(variable.name, variable.alternatives.size());
        }
    }
    std::vector<Replacements> all;
    if (counts.size() == names.size())
        all.emplace_back();
    for (const auto &[name, count] : counts) {
        std::vector<Replacements> longer;
        for (const Replacements &values : all) {
            for (std::size_t i = 0; i < count; ++i) {
                longer.push_back(values);
                longer.back()[name] = static_cast<std::int64_t>(i);
            }
        }
        all = std::move(longer);
    }
    return all;
}

} // namespace

KeyRenaming keyRenaming(const Pattern &source, const Pattern &target, bool sharedEnd)
{
    const std::size_t shared = sharedEnd ? sharedTokens(source, target) : 0;
    const auto &from = source.compiled().tokens, &to = target.compiled().tokens;
    KeyRenaming renaming{"^", "", 0, false};
    std::map<std::string, std::size_t> groups;
    for (std::size_t i = 0; i + shared < from.size(); ++i) {
        const Token &token = from[i];
        if (token.kind == Kind::Literal) {
            renaming.expression += escaped(token.text);
        } else if (const auto known = groups.find(nameOf(source, token)); known != groups.end()) {
            renaming.expression += fmt::format("\\{}", known->second);
        } else {
            groups.emplace(nameOf(source, token), groups.size() + 1);
            renaming.expression += "(" + expressionOf(token) + ")";
        }
    }
    if (shared > 0) {
        std::string end;
        for (std::size_t i = from.size() - shared; i < from.size(); ++i)
            end += from[i].kind == Kind::Choice ? "(?:" + expressionOf(from[i]) + ")" : expressionOf(from[i]);
        renaming.expression += "(?=" + end + "$)";
    } else {
        renaming.expression += "$";
    }
    for (std::size_t i = 0; i + shared < to.size(); ++i) {
        const Token &token = to[i];
        if (token.kind == Kind::Literal) {
            renaming.replacement += withoutBackslashes(token.text);
            continue;
        }
        const bool digit
            = i + 1 < to.size() && to[i + 1].kind == Kind::Literal && to[i + 1].text.front() >= '0' && to[i + 1].text.front() <= '9';
        renaming.hasDigitAfterGroup = renaming.hasDigitAfterGroup || digit;
        renaming.replacement
            += digit ? fmt::format("\\g<{}>", groups.at(nameOf(target, token))) : fmt::format("\\{}", groups.at(nameOf(target, token)));
        renaming.groups = std::max(renaming.groups, groups.at(nameOf(target, token)));
    }
    return renaming;
}

std::string keyExpression(const Pattern &pattern)
{
    std::string text = "^";
    for (const Token &token : pattern.compiled().tokens)
        text += token.kind == Kind::Choice ? "(?:" + expressionOf(token) + ")" : expressionOf(token);
    return text + "$";
}

std::vector<Rule> writtenOut(const Rule &rule, std::uint32_t index, const ExportInput &input, std::size_t most)
{
    const std::set<std::string> names = unsayable(rule);
    if (names.empty())
        return {rule};
    std::vector<Replacements> all;
    if (input.resolution && input.source) {
        for (const Assignment &assignment : input.resolution->assignments) {
            const auto values = assignment.rule == index ? valuesOf(rule, names, assignment.sources, *input.source) : std::nullopt;
            if (values && std::ranges::find(all, *values) == all.end())
                all.push_back(*values);
            if (all.size() > most)
                return {};
        }
    }
    if (all.empty())
        all = allAlternatives(rule, names);
    std::vector<Rule> rules;
    for (const Replacements &values : all)
        rules.push_back(replaced(rule, values));
    return rules.size() > most ? std::vector<Rule>() : rules;
}

bool renamesSingleKeys(const Rule &rule, std::uint32_t index, const ExportInput &input)
{
    if (!rule.transform.empty() || rule.sources.size() != 1 || !variablesOnlyIn(rule.targets, rule.sources).empty())
        return false;
    if (variablesOnlyIn(rule.sources, rule.targets).empty())
        return true;
    return input.resolution && std::ranges::all_of(input.resolution->assignments, [index](const Assignment &assignment) {
        return assignment.rule != index || assignment.sources.size() == 1;
    });
}

std::string ruleComment(const Rule &rule)
{
    std::string text;
    for (const Pattern &pattern : rule.sources)
        text += (text.empty() ? "" : ", ") + pattern.text();
    text += rule.targets.empty() || rule.sources.empty() ? "" : " -> ";
    for (std::size_t i = 0; i < rule.targets.size(); ++i)
        text += (i > 0 ? ", " : "") + rule.targets[i].text();
    return pythonComment(text);
}

} // namespace rekey
