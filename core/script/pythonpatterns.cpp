// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/pythonpatterns.h"

#include "core/base/error.h"
#include "core/mapping/patterntokens.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rekey {

namespace {

bool isSum(const PatternToken &token)
{
    return token.kind == PatternToken::Kind::Number && (token.terms.size() > 1 || token.terms.front().factor != 1 || token.constant != 0);
}

/// "3*i+j-1"
std::string sumText(const PatternToken &token, const Pattern &pattern)
{
    std::string text;
    for (const auto &[factor, slot] : token.terms) {
        text += factor < 0 ? "-" : text.empty() ? "" : "+";
        if (factor != 1 && factor != -1)
            text += fmt::format("{}*", std::abs(factor));
        text += pattern.slots()[slot].name;
    }
    return token.constant == 0 ? text : text + fmt::format("{:+}", token.constant);
}

/// The same variable with two lists in one pattern: the regular expression compares texts, not positions.
bool hasUnequalLists(const Pattern::Compiled &pattern)
{
    return std::ranges::any_of(pattern.tokens, [&](const PatternToken &token) {
        return token.kind == PatternToken::Kind::Choice && token.alternatives != pattern.slots[token.slot].alternatives;
    });
}

} // namespace

std::string pythonString(std::string_view text)
{
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string pythonComment(std::string_view text)
{
    std::string shown = displayText(text, 300);
    std::ranges::replace(shown, '\\', '/');
    std::ranges::replace(shown, '"', '\'');
    return shown;
}

namespace {

std::string pythonPattern(const Pattern &pattern, WrittenLists &written)
{
    const Pattern::Compiled &compiled = pattern.compiled();
    const auto hasBrace = [](const PatternToken &token) {
        return token.kind == PatternToken::Kind::Literal && token.text.find_first_of("{}") != std::string::npos;
    };
    if (std::ranges::any_of(compiled.tokens, hasBrace))
        throw Error({}, pattern.text(), "a key with braces cannot be written as a Python rule");
    if (hasUnequalLists(compiled))
        throw Error({}, pattern.text(), "one variable with two lists in one pattern cannot be written as a Python rule; use two rules");
    std::string text;
    for (const PatternToken &token : compiled.tokens) {
        const std::string_view own = std::string_view(compiled.text).substr(token.begin, token.end - token.begin);
        const bool choice = token.kind == PatternToken::Kind::Choice;
        const std::string name = choice ? pattern.slots()[token.slot].name : std::string();
        if (choice && !written.emplace(name, token.alternatives).second && written.at(name) == token.alternatives)
            text += "{" + name + "}";
        else
            text += isSum(token) ? "{" + sumText(token, pattern) + "}" : std::string(own);
    }
    return text;
}

} // namespace

WrittenLists differingLists(const Rule &rule)
{
    WrittenLists first, differing;
    for (const auto *side : {&rule.sources, &rule.targets}) {
        for (const Pattern &pattern : *side) {
            for (const Pattern::Variable &variable : pattern.slots()) {
                if (!variable.alternatives.empty()
                    && first.emplace(variable.name, variable.alternatives).first->second != variable.alternatives)
                    differing[variable.name] = {};
            }
        }
    }
    return differing;
}

std::string pythonPatterns(const std::vector<Pattern> &patterns, WrittenLists &written)
{
    if (patterns.size() == 1)
        return pythonString(pythonPattern(patterns.front(), written));
    std::string text = "[";
    for (const Pattern &pattern : patterns)
        text += (text.size() > 1 ? ", " : "") + pythonString(pythonPattern(pattern, written));
    return text + "]";
}

bool hasSums(const Pattern &pattern)
{
    return std::ranges::any_of(pattern.compiled().tokens, isSum);
}

} // namespace rekey
