// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/weightconverter.h"

#include "core/mapping/patterntokens.h"
#include "core/mapping/rulevariables.h"
#include "core/script/keyexpressions.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace rekey {

namespace {

using Token = PatternToken;
using Kind = PatternToken::Kind;

/// A pattern cut in three: all up to its last variable, then a piece of plain text, then what all patterns of the rule end with.
struct Pieces
{
    std::string head, middle, end; ///< as pattern texts; a gathering or scattering variable in the middle is "*"
};

struct Operation
{
    std::string text;
    bool squeezes = false;
};

/// Operations of transformers.core_model_loading that do what the rule's one step does.
std::optional<Operation> operationOf(const Rule &rule)
{
    if (rule.transform.size() != 1 || rule.transform.front().only >= 0)
        return std::nullopt;
    const BasicStep &op = rule.transform.front().op;
    const bool gathers = !variablesOnlyIn(rule.sources, rule.targets).empty(),
               scatters = !variablesOnlyIn(rule.targets, rule.sources).empty();
    const bool oneSource = rule.sources.size() == 1, oneTarget = rule.targets.size() == 1;
    if (const auto *concat = std::get_if<Concat>(&op); concat && !oneSource && oneTarget && !gathers)
        return Operation{fmt::format("Concatenate(dim={})", concat->dim)};
    if (const auto *split = std::get_if<Split>(&op); split && split->sizes.empty() && oneSource && !oneTarget && !scatters)
        return Operation{fmt::format("Chunk(dim={})", split->dim)};
    if (const auto *stack = std::get_if<Stack>(&op); stack && oneSource && oneTarget && gathers)
        return Operation{fmt::format("MergeModulelist(dim={})", stack->dim)};
    if (const auto *unstack = std::get_if<Unstack>(&op); unstack && oneSource && oneTarget && scatters)
        return Operation{fmt::format("SplitModulelist(dim={})", unstack->dim), true};
    if (const auto *transpose = std::get_if<Transpose>(&op); transpose && oneSource && oneTarget && !gathers && !scatters)
        return Operation{fmt::format("Transpose(dim0={}, dim1={})", transpose->dim0, transpose->dim1)};
    return std::nullopt;
}

class Cutter
{
public:
    explicit Cutter(const Rule &rule)
    {
        for (const auto &[from, to] : {std::pair(&rule.sources, &rule.targets), std::pair(&rule.targets, &rule.sources)}) {
            for (const std::string &name : variablesOnlyIn(*from, *to))
                m_stars.push_back(name);
        }
    }

    /// Nothing where the end holds no plain text, or a star is not a whole segment.
    std::optional<Pieces> cut(const Pattern &pattern) const
    {
        const auto &tokens = pattern.compiled().tokens;
        std::size_t end = tokens.size();
        while (end > 0 && tokens[end - 1].kind != Kind::Literal && !isStar(pattern, tokens[end - 1]))
            --end;
        std::size_t begin = end;
        while (begin > 0 && (tokens[begin - 1].kind == Kind::Literal || isStar(pattern, tokens[begin - 1])))
            --begin;
        if (begin == end || tokens[begin].kind != Kind::Literal || tokens[end - 1].kind != Kind::Literal)
            return std::nullopt;
        Pieces pieces;
        pieces.head = pattern.text().substr(0, tokens[begin].begin);
        pieces.end = end == tokens.size() ? std::string() : pattern.text().substr(tokens[end].begin);
        for (std::size_t i = begin; i < end; ++i) {
            if (tokens[i].kind == Kind::Literal) {
                if (tokens[i].text.find_first_of("*{}") != std::string::npos)
                    return std::nullopt;
                pieces.middle += tokens[i].text;
                continue;
            }
            if (!pieces.middle.ends_with('.') || !tokens[i + 1].text.starts_with('.'))
                return std::nullopt;
            pieces.middle += '*';
        }
        return pieces;
    }

private:
    bool isStar(const Pattern &pattern, const Token &token) const
    {
        return token.kind == Kind::Number && std::ranges::find(m_stars, pattern.slots()[token.terms.front().slot].name) != m_stars.end();
    }

    std::vector<std::string> m_stars;
};

/// A source pattern: ".*." is a glob there, all else a regular expression.
std::string sourceExpression(const Pieces &pieces)
{
    std::string text = pieces.head.empty() ? "^" : "";
    std::string rest = pieces.middle;
    for (std::size_t star = rest.find(".*."); star != std::string::npos; star = rest.find(".*.")) {
        const std::string before = keyExpression(Pattern::literal(rest.substr(0, star)));
        text += before.substr(1, before.size() - 2) + ".*.";
        rest = rest.substr(star + 3);
    }
    const std::string last = keyExpression(Pattern::literal(rest));
    text += last.substr(1, last.size() - 2);
    const std::string end = keyExpression(Pattern::parse(pieces.end));
    return pieces.end.empty() ? text + "$" : text + "(?=" + end.substr(1) + ")";
}

} // namespace

WeightConverterText weightConverter(const Rule &rule)
{
    WeightConverterText text;
    const std::optional<Operation> operation = operationOf(rule);
    if (!operation) {
        text.obstacle = ruleTransformText(rule);
        return text;
    }
    text.operation = operation->text;
    text.squeezes = operation->squeezes;
    const Cutter cutter(rule);
    std::vector<Pieces> sources, targets;
    for (const auto &[patterns, pieces] : {std::pair(&rule.sources, &sources), std::pair(&rule.targets, &targets)}) {
        for (const Pattern &pattern : *patterns) {
            if (const std::optional<Pieces> cut = cutter.cut(pattern))
                pieces->push_back(*cut);
        }
    }
    const auto sameEnd = [&](const Pieces &pieces) { return pieces.end == targets.front().end; };
    const auto sameHead = [&](const Pieces &pieces) { return pieces.head == targets.front().head; };
    if (sources.size() != rule.sources.size() || targets.size() != rule.targets.size() || !std::ranges::all_of(sources, sameEnd)
        || !std::ranges::all_of(targets, sameEnd) || !std::ranges::all_of(targets, sameHead)) {
        text.obstacle = text.operation + ", but its names differ in more than one plain piece";
        return text;
    }
    for (const Pieces &pieces : sources) {
        text.sources.push_back(sourceExpression(pieces));
        if (sameHead(pieces))
            continue;
        std::string middle = pieces.middle;
        const std::size_t star = middle.find('*');
        if (star != std::string::npos)
            middle.replace(star, 1, "{" + variablesOnlyIn(rule.sources, rule.targets).front() + "}");
        const std::string tail = middle + pieces.end;
        text.renamings.emplace_back(Pattern::parse(pieces.head + tail), Pattern::parse(targets.front().head + tail));
    }
    for (const Pieces &pieces : targets)
        text.targets.push_back(pieces.middle);
    return text;
}

std::optional<std::string> WeightConverterText::rename(const std::string &key) const
{
    for (const std::string &source : sources) {
        std::string expression = source;
        if (const std::size_t star = expression.find(".*."); star != std::string::npos)
            expression.replace(star, 3, "\\..*\\.");
        std::smatch found;
        if (!std::regex_search(key, found, std::regex(expression)))
            continue;
        std::string name = key;
        const std::string piece = found.str();
        name.replace(name.find(piece), piece.size(), targets.front());
        return name;
    }
    return std::nullopt;
}

} // namespace rekey
