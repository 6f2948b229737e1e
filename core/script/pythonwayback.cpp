// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/pythonwayback.h"

namespace rekey {

namespace {

/// The one transform that undoes the rule wherever it applies; nothing where it takes several or the rule is not applied.
std::optional<Transform> stepsBack(const ExportInput &input, std::uint32_t index)
{
    const Rule &rule = input.mapping->rules[index];
    std::optional<Transform> steps;
    for (const Assignment &assignment : input.resolution->assignments) {
        if (assignment.rule != index)
            continue;
        std::vector<TensorShape> inputs;
        for (const std::uint32_t key : assignment.sources)
            inputs.push_back({input.source->tensors[key].shape, input.source->tensors[key].dtype});
        std::optional<Transform> back = inverse(rule.transform, inputs);
        if (!back || (steps && *steps != *back))
            return std::nullopt;
        steps = std::move(back);
    }
    return steps;
}

} // namespace

WayBack wayBack(const ExportInput &input)
{
    const Mapping &mapping = *input.mapping;
    WayBack back;
    back.steps.resize(mapping.rules.size());
    if (!input.resolution || !input.source || !input.target)
        return back;
    Inversion inversion = invert(mapping, *input.resolution, *input.source, *input.target);
    back.obstacles = std::move(inversion.notInvertible);
    for (std::size_t i = 0; i < mapping.rules.size(); ++i) {
        // Dropped keys are no obstacle: all others come back, and these keep the values of --target.
        if (mapping.rules[i].kind == RuleKind::Drop && mapping.rules[i].state != RuleState::ToReview) {
            const std::string begin = "Rule " + std::to_string(i + 1) + " (";
            std::erase_if(back.obstacles, [&begin](const std::string &obstacle) { return obstacle.starts_with(begin); });
            back.fromTarget = true;
        }
        if (mapping.rules[i].state == RuleState::ToReview)
            back.obstacles.push_back("Rule " + std::to_string(i + 1) + " is an open question.");
    }
    back.possible = back.obstacles.empty() && !mapping.rules.empty();
    back.rules = std::move(inversion.mapping.rules);
    back.swapped = back.possible;
    for (std::uint32_t i = 0; back.swapped && i < mapping.rules.size(); ++i) {
        const Rule &rule = mapping.rules[i];
        if (rule.kind == RuleKind::Map && !rule.transform.empty()) {
            back.steps[i] = stepsBack(input, i);
            back.swapped = back.steps[i].has_value();
        }
    }
    return back;
}

} // namespace rekey
