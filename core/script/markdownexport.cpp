// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

namespace {

/// Text in a table cell.
std::string cell(std::string_view text)
{
    std::string shown;
    for (const char c : displayText(text, 400)) {
        if (c == '|' || c == '*' || c == '<' || c == '`')
            shown += '\\';
        shown += c;
    }
    return shown;
}

/// Text as code in a table cell; a bar would end the cell even there.
std::string code(std::string_view text)
{
    std::string shown;
    for (const char c : displayText(text, 400))
        shown += c == '|' ? std::string("\\|") : c == '`' ? std::string("'") : std::string(1, c);
    return "`" + shown + "`";
}

std::string codes(const std::vector<Pattern> &patterns)
{
    std::string text;
    for (const Pattern &pattern : patterns)
        text += (text.empty() ? "" : "<br>") + code(pattern.text());
    return text;
}

std::string action(const Rule &rule)
{
    if (rule.kind == RuleKind::Drop)
        return "drop";
    if (rule.kind == RuleKind::Init)
        return rule.init == InitPolicy::Keep ? "keep the target's values" : fmt::format("initialise: {}", initPolicyName(rule.init));
    const std::string text = ruleTransformText(rule);
    return text.empty() ? "rename" : text;
}

std::string stateText(const Rule &rule)
{
    const std::string_view state = ruleStateName(rule.state);
    return rule.state == RuleState::Suggested || rule.state == RuleState::ToReview ? fmt::format("{}, {:.2f}", state, rule.confidence)
                                                                                   : std::string(state);
}

void writeSides(const ExportInput &input, std::string &text)
{
    const auto row = [&text](const char *side, const Schema *schema, const MappingSide &described) {
        const std::string &name = schema && !schema->name.empty() ? schema->name : described.name;
        const std::size_t tensors = schema ? schema->tensors.size() : described.tensors;
        const std::string fingerprint = described.fingerprint.empty() && schema ? schemaFingerprint(*schema) : described.fingerprint;
        text += fmt::format("| {} | {} | {} | {} |\n", side, cell(name), tensors,
                            fingerprint.empty() ? "" : code(fingerprint.substr(0, 16)));
    };
    text += "| | name | tensors | fingerprint |\n|---|---|--:|---|\n";
    if (input.mapping->sources.size() > 1) {
        for (const MappingSide &side : input.mapping->sources)
            row("source", nullptr, side);
    } else {
        row("source", input.source, input.mapping->sources.empty() ? MappingSide() : input.mapping->sources.front());
    }
    row("target", input.target, input.mapping->target);
}

void writeCounts(const Resolution &resolution, std::string &text)
{
    const struct { const char *name; TargetStatus status; } targets[] = {
        {"filled", TargetStatus::Filled},         {"initialised", TargetStatus::Initialised}, {"to review", TargetStatus::ToReview},
        {"missing", TargetStatus::Missing},       {"mismatched", TargetStatus::Mismatched},   {"conflicting", TargetStatus::Conflicting},
    };
    const struct { const char *name; SourceStatus status;
    } sources[] = {
        {"used", SourceStatus::Used},
        {"to review", SourceStatus::ToReview},
        {"dropped", SourceStatus::Dropped},
        {"unused", SourceStatus::Unused},
    };
    text += fmt::format("\n## Keys\n\n{}\n\n", resolution.complete() ? "Every target key has a value." : "Target keys are open.");
    text += "| target keys | |\n|---|--:|\n";
    for (const auto &row : targets)
        text += fmt::format("| {} | {} |\n", row.name, resolution.count(row.status));
    text += "\n| source keys | |\n|---|--:|\n";
    for (const auto &row : sources)
        text += fmt::format("| {} | {} |\n", row.name, resolution.count(row.status));
}

void writeRules(const ExportInput &input, std::string &text)
{
    text += "\n## Rules\n\n| | sources | targets | transform | keys | state | evidence |\n|--:|---|---|---|--:|---|---|\n";
    for (std::size_t i = 0; i < input.mapping->rules.size(); ++i) {
        const Rule &rule = input.mapping->rules[i];
        if (rule.kind == RuleKind::Drop)
            continue;
        const std::string keys = input.resolution ? fmt::format("{}", input.resolution->rules[i].targetKeys) : std::string();
        std::string evidence;
        for (const std::string &sentence : rule.evidence)
            evidence += (evidence.empty() ? "" : "; ") + cell(sentence);
        if (!rule.note.empty())
            evidence += (evidence.empty() ? "" : "; ") + cell(rule.note);
        text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", i + 1, codes(rule.sources), codes(rule.targets), cell(action(rule)),
                            keys, stateText(rule), evidence);
    }
}

void writeDrops(const ExportInput &input, std::string &text)
{
    if (std::ranges::none_of(input.mapping->rules, [](const Rule &rule) { return rule.kind == RuleKind::Drop; }))
        return;
    text += "\n## Dropped\n\n| | sources | keys | reason |\n|--:|---|--:|---|\n";
    for (std::size_t i = 0; i < input.mapping->rules.size(); ++i) {
        const Rule &rule = input.mapping->rules[i];
        if (rule.kind == RuleKind::Drop)
            text += fmt::format("| {} | {} | {} | {} |\n", i + 1, codes(rule.sources),
                                input.resolution ? fmt::format("{}", input.resolution->rules[i].sourceKeys) : std::string(),
                                cell(rule.reason));
    }
}

void writeProblems(const Resolution &resolution, std::string &text)
{
    static const char *severities[] = {"note", "warning", "error"};
    text += "\n## Problems\n\n";
    if (resolution.problems.empty())
        text += "None.\n";
    for (const Problem &problem : resolution.problems)
        text += fmt::format("- {}: {}\n", severities[static_cast<std::size_t>(problem.severity)], cell(problem.text));
}

} // namespace

/// A report for people: what was mapped, on what evidence, what is open, what was left behind and why.
std::string writeMarkdown(const ExportInput &input)
{
    const Mapping &mapping = *input.mapping;
    std::string text = fmt::format("# {}\n\n", mapping.name.empty() ? "Mapping" : cell(mapping.name));
    if (!mapping.note.empty())
        text += cell(mapping.note) + "\n\n";
    writeSides(input, text);
    if (mapping.incompleteAccepted)
        text += "\nConverting with open keys was accepted.\n";
    if (input.resolution)
        writeCounts(*input.resolution, text);
    writeRules(input, text);
    writeDrops(input, text);
    if (input.resolution)
        writeProblems(*input.resolution, text);
    return text;
}

} // namespace rekey
