// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/rule.h"

#include "core/mapping/rulevariables.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

std::vector<std::string> patternVariables(const std::vector<Pattern> &patterns)
{
    std::vector<std::string> names;
    for (const Pattern &pattern : patterns) {
        for (const Pattern::Variable &variable : pattern.slots()) {
            if (std::ranges::find(names, variable.name) == names.end())
                names.push_back(variable.name);
        }
    }
    return names;
}

std::vector<std::string> variablesOnlyIn(const std::vector<Pattern> &patterns, const std::vector<Pattern> &others)
{
    std::vector<std::string> names = patternVariables(patterns);
    const std::vector<std::string> known = patternVariables(others);
    std::erase_if(names, [&](const std::string &name) { return std::ranges::find(known, name) != known.end(); });
    return names;
}

std::string ruleTransformText(const Rule &rule)
{
    if (rule.kind != RuleKind::Map)
        return {};
    const auto side = [](const std::vector<Pattern> &patterns, const std::vector<Pattern> &others) {
        const std::vector<std::string> alone = variablesOnlyIn(patterns, others);
        return alone.empty() ? fmt::format("{}", patterns.size()) : fmt::format("all {{{}}}", alone.front());
    };
    const std::string from = side(rule.sources, rule.targets), to = side(rule.targets, rule.sources);
    const std::string steps = transformText(rule.transform);
    if (from == "1" && to == "1")
        return steps;
    return fmt::format("{} → {}{}{}", from, to, steps.empty() ? "" : ", ", steps);
}

std::string_view initPolicyName(InitPolicy policy)
{
    switch (policy) {
    case InitPolicy::Keep: return "keep";
    case InitPolicy::Zeros: return "zeros";
    case InitPolicy::Ones: return "ones";
    case InitPolicy::Normal: return "normal";
    }
    return "keep";
}

std::string_view ruleStateName(RuleState state)
{
    switch (state) {
    case RuleState::Proven: return "proven";
    case RuleState::Suggested: return "suggested";
    case RuleState::Accepted: return "accepted";
    case RuleState::ToReview: return "to review";
    }
    return "accepted";
}

} // namespace rekey
