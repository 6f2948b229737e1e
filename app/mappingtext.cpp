// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/mappingtext.h"

#include "app/terminal.h"
#include "core/base/error.h"

#include <algorithm>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t problemsShown = 20;

std::string patternsText(const std::vector<Pattern> &patterns)
{
    std::string text;
    for (const Pattern &pattern : patterns)
        text += (text.empty() ? "" : " + ") + displayText(pattern.text(), 200);
    return text;
}

std::string ruleText(const Rule &rule)
{
    switch (rule.kind) {
    case RuleKind::Drop: return fmt::format("{} → dropped ({})", patternsText(rule.sources), displayText(rule.reason, 200));
    case RuleKind::Init: return fmt::format("{} initialised: {}", patternsText(rule.targets), initPolicyName(rule.init));
    case RuleKind::Map: break;
    }
    const std::string transform = ruleTransformText(rule);
    return fmt::format("{} → {}{}", patternsText(rule.sources), patternsText(rule.targets),
                       transform.empty() ? "" : "  [" + transform + "]");
}

std::string_view severityName(Severity severity)
{
    switch (severity) {
    case Severity::Info: return "info";
    case Severity::Warning: return "warning";
    case Severity::Error: return "error";
    }
    return "warning";
}

std::string_view statusName(TargetStatus status)
{
    switch (status) {
    case TargetStatus::Filled: return "filled";
    case TargetStatus::Initialised: return "initialised";
    case TargetStatus::ToReview: return "to review";
    case TargetStatus::Missing: return "missing";
    case TargetStatus::Mismatched: return "mismatched";
    case TargetStatus::Conflicting: return "conflicting";
    }
    return "missing";
}

std::string_view statusName(SourceStatus status)
{
    switch (status) {
    case SourceStatus::Used: return "used";
    case SourceStatus::ToReview: return "to review";
    case SourceStatus::Dropped: return "dropped";
    case SourceStatus::Unused: return "unused";
    }
    return "unused";
}

constexpr TargetStatus targetStatuses[] = {TargetStatus::Filled,  TargetStatus::Initialised, TargetStatus::ToReview,
                                           TargetStatus::Missing, TargetStatus::Mismatched,  TargetStatus::Conflicting};
constexpr SourceStatus sourceStatuses[] = {SourceStatus::Used, SourceStatus::ToReview, SourceStatus::Dropped, SourceStatus::Unused};

template <typename Outcomes, typename Status>
std::vector<std::string> keysWith(const Outcomes &outcomes, Status status, const Schema &schema)
{
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i].status == status)
            keys.push_back(schema.tensors[i].key);
    }
    return keys;
}

} // namespace

std::string rulesText(const Mapping &mapping, const Resolution &resolution)
{
    std::string text;
    for (std::size_t i = 0; i < mapping.rules.size(); ++i) {
        const Rule &rule = mapping.rules[i];
        const RuleEffect &effect = resolution.rules[i];
        const std::string state
            = rule.state == RuleState::Suggested ? fmt::format("{:.2f}", rule.confidence) : std::string(ruleStateName(rule.state));
        text += fmt::format("{:<9} ×{:<5} {}\n", state, std::max(effect.sourceKeys, effect.targetKeys), ruleText(rule));
        if (rule.state != RuleState::ToReview)
            continue;
        for (const Candidate &candidate : rule.candidates)
            text += fmt::format("{:<9}        {:.2f}  {} → {}  {}\n", "", candidate.confidence, patternsText(candidate.sources),
                                patternsText(candidate.targets), displayText(candidate.why, 200));
    }
    return text;
}

std::string countsText(const Resolution &resolution)
{
    std::string text = fmt::format("Target: filled {} of {}", resolution.count(TargetStatus::Filled), resolution.targets.size());
    for (const TargetStatus status : targetStatuses) {
        if (status != TargetStatus::Filled && resolution.count(status) != 0)
            text += fmt::format(", {} {}", statusName(status), resolution.count(status));
    }
    text += fmt::format(". Source: used {} of {}", resolution.count(SourceStatus::Used), resolution.sources.size());
    for (const SourceStatus status : sourceStatuses) {
        if (status != SourceStatus::Used && resolution.count(status) != 0)
            text += fmt::format(", {} {}", statusName(status), resolution.count(status));
    }
    return text + ".\n";
}

std::string problemsText(const Resolution &resolution)
{
    std::vector<const Problem *> problems;
    for (const Problem &problem : resolution.problems) {
        if (problem.severity != Severity::Info)
            problems.push_back(&problem);
    }
    std::ranges::stable_sort(problems, std::greater<>(), &Problem::severity);
    std::string text;
    for (std::size_t i = 0; i < std::min(problems.size(), problemsShown); ++i)
        text += fmt::format("{}: {}\n", severityName(problems[i]->severity), problems[i]->text);
    if (problems.size() > problemsShown)
        text += fmt::format("… and {} more; --json lists them\n", problems.size() - problemsShown);
    return text;
}

Json resolutionJson(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target)
{
    Json targets = {{"total", resolution.targets.size()}}, sources = {{"total", resolution.sources.size()}};
    for (const TargetStatus status : targetStatuses)
        targets[status == TargetStatus::ToReview ? "to_review" : std::string(statusName(status))] = resolution.count(status);
    for (const SourceStatus status : sourceStatuses)
        sources[status == SourceStatus::ToReview ? "to_review" : std::string(statusName(status))] = resolution.count(status);
    Json problems = Json::array();
    for (const Problem &problem : resolution.problems) {
        Json row = {{"severity", severityName(problem.severity)}, {"kind", problem.kind}, {"text", problem.text}};
        if (problem.rule != none)
            row["rule"] = problem.rule;
        if (problem.source != none)
            row["source"] = source.tensors[problem.source].key;
        if (problem.target != none)
            row["target"] = target.tensors[problem.target].key;
        problems.push_back(std::move(row));
    }
    return {{"complete", resolution.complete()},
            {"rules", mapping.rules.size()},
            {"target", std::move(targets)},
            {"source", std::move(sources)},
            {"missing", keysWith(resolution.targets, TargetStatus::Missing, target)},
            {"unexpected", keysWith(resolution.sources, SourceStatus::Unused, source)},
            {"mismatched", keysWith(resolution.targets, TargetStatus::Mismatched, target)},
            {"conflicting", keysWith(resolution.targets, TargetStatus::Conflicting, target)},
            {"to_review", keysWith(resolution.targets, TargetStatus::ToReview, target)},
            {"problems", std::move(problems)}};
}

bool withoutFindings(const Resolution &resolution)
{
    return resolution.complete() && resolution.count(SourceStatus::Unused) == 0 && resolution.count(SourceStatus::ToReview) == 0;
}

} // namespace rekey
