// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

#include "core/base/error.h"
#include "core/mapping/rulevariables.h"
#include "core/script/keytexts.h"
#include "core/script/pythonpatterns.h"
#include "core/script/pythonsteps.h"
#include "core/script/pythontemplate.h"
#include "core/script/pythonwayback.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace rekey {

namespace {

constexpr std::size_t widestLine = 118;

class Script
{
public:
    explicit Script(const ExportInput &input)
        : m_input(input)
        , m_mapping(*input.mapping)
    {
        if (input.source && input.target && !input.resolution) {
            m_resolved = resolve(m_mapping, *input.source, *input.target);
            m_input.resolution = &m_resolved;
        }
    }

    std::string write()
    {
        m_back = wayBack(m_input);
        const std::string rules = ruleTable(m_mapping.rules);
        const std::string back = m_back.possible && !m_back.swapped ? ruleTable(m_back.rules) : std::string();
        setNames();
        std::string text(pythonConversionPart);
        fillPlace(text, "FILES", pythonFilesPart.substr(0, pythonFilesPart.find_last_not_of('\n') + 1));
        text = chooseBlocks(text, m_names);
        fillPlace(text, "TITLE",
                  pythonComment(fmt::format("Convert {} to {}.", sideText(m_input.source, firstSource()),
                                            sideText(m_input.target, m_mapping.target))));
        fillPlace(text, "OPTIONS",
                  m_back.possible ? " [--target MODEL] [--dtype float16] [--reverse]" : " [--target MODEL] [--dtype float16]");
        fillPlace(text, "ABOUT", about());
        fillPlace(text, "PATTERN_NOTES",
                  m_names.contains("sums") ? "\n    {i+1} and {3*i+j} are sums, solved where they are matched." : "");
        fillPlace(text, "STEPS", pythonFunctions(m_usedSteps));
        fillPlace(text, "RULE_TYPES", ruleTypes());
        fillPlace(text, "RULES", rules.substr(0, rules.find_last_not_of('\n') + 1));
        fillPlace(text, "KEYS", keyTables(back));
        fillPlace(text, "DESCRIPTION", pythonComment(m_mapping.name.empty() ? std::string("Convert a checkpoint.") : m_mapping.name));
        fillPlace(text, "KNOWN_KEYS", m_back.possible ? "SOURCE_KEYS if arguments.reverse else TARGET_KEYS" : "TARGET_KEYS");
        fillPlace(text, "REVERSE_RULES", m_back.swapped ? "reversed_rules()" : "BACK_RULES");
        fillPlace(text, "SWAPPED_STEPS", m_names.contains("back") ? ", rule.back" : "");
        fillPlace(text, "SKIPPED", m_writesDrop && m_writesInit ? "(Drop, Init)" : m_writesDrop ? "Drop" : "Init");
        fillPlace(text, "NO_STEPS", m_names.contains("steps") ? " and not rule.steps" : "");
        return text;
    }

private:
    MappingSide firstSource() const { return m_mapping.sources.empty() ? MappingSide() : m_mapping.sources.front(); }

    static std::string sideText(const Schema *schema, const MappingSide &side)
    {
        const std::string &name = schema && !schema->name.empty() ? schema->name : side.name;
        const std::size_t tensors = schema ? schema->tensors.size() : side.tensors;
        const std::string shown = name.empty() ? std::string("a checkpoint") : "'" + displayText(name) + "'";
        return tensors == 0 ? shown : fmt::format("{} ({} tensors)", shown, tensors);
    }

    std::string about() const
    {
        const std::size_t count = m_mapping.rules.size();
        std::string text
            = fmt::format("Written by Rekey from a mapping of {} rule{}; needs Python 3.9 and torch 1.13 or later, nothing else.\n", count,
                          count == 1 ? "" : "s");
        text += m_input.target
                    ? "RULES hold for any number of blocks. The lists of keys are those of the pair that the mapping was made for; "
                      "--target\n"
                      "takes them from another model instead. Exit code 1: target keys stayed without value, nothing was written."
                    : "RULES hold for any number of blocks. --target names the model to fill; without it every rule is taken at its word.";
        if (m_back.possible && m_back.fromTarget)
            text += "\nOn the way back dropped keys take their values from --target, the only place that has them.";
        if (!m_back.possible && !m_back.obstacles.empty()) {
            text += "\n\nThere is no way back:";
            for (const std::string &obstacle : m_back.obstacles)
                text += wrapped("- " + pythonComment(obstacle));
        }
        return text;
    }

    /// On lines of its own, each within the width where its words allow that.
    static std::string wrapped(std::string_view text)
    {
        std::string result, line;
        while (!text.empty()) {
            const std::string_view word = text.substr(0, text.find(' '));
            text.remove_prefix(std::min(word.size() + 1, text.size()));
            if (!line.empty() && line.size() + 1 + word.size() > widestLine) {
                result += "\n" + line;
                line = " ";
            }
            line += (line.empty() ? "" : " ") + std::string(word);
        }
        return result + "\n" + line;
    }

    void setNames()
    {
        const auto any = [this](auto &&test) { return std::ranges::any_of(m_mapping.rules, test); };
        const auto anyPattern = [&](auto &&test) {
            return any(
                [&](const Rule &rule) { return std::ranges::any_of(rule.sources, test) || std::ranges::any_of(rule.targets, test); });
        };
        const auto set = [this](const char *name, bool on) {
            if (on)
                m_names.insert(name);
        };
        set("steps", !m_usedSteps.empty());
        set("back", m_back.swapped && !m_usedSteps.empty());
        set("drop", m_writesDrop);
        set("init", m_writesInit);
        set("keys", m_input.target != nullptr);
        set("sums", anyPattern(hasSums));
        const auto scatters
            = [](const std::vector<Pattern> &from, const std::vector<Pattern> &to) { return !variablesOnlyIn(to, from).empty(); };
        set("scatter", any([&](const Rule &rule) {
                return rule.kind == RuleKind::Map
                       && (scatters(rule.sources, rule.targets) || (m_back.possible && scatters(rule.targets, rule.sources)));
            }));
        const auto joins
            = [&](const std::vector<Pattern> &from, const std::vector<Pattern> &to) { return from.size() > 1 || scatters(to, from); };
        set("joins", any([&](const Rule &rule) { return rule.kind == RuleKind::Map && joins(rule.sources, rule.targets); })
                || (m_back.possible && (!m_back.swapped || any([&](const Rule &rule) {
                        const bool tied = rule.sources.size() == 1 && rule.transform.empty();
                        return rule.kind == RuleKind::Map && !tied && joins(rule.targets, rule.sources);
                    }))));
        set("reverse", m_back.possible);
        set("restore", m_back.possible && m_back.fromTarget);
        set("skip", m_writesDrop || m_writesInit);
        set("swap", m_back.swapped);
        set("tied",
            any([](const Rule &rule) { return rule.kind == RuleKind::Map && rule.sources.size() == 1 && rule.targets.size() > 1; }));
    }

    std::string ruleTypes() const
    {
        if (!m_writesDrop && !m_writesInit)
            return "Rule";
        return fmt::format("Rule{}{}", m_writesDrop ? " | Drop" : "", m_writesInit ? " | Init" : "");
    }

    /// "image_encoder.blocks", to group rules by.
    static std::string groupOf(const Rule &rule)
    {
        const std::string &text = (rule.sources.empty() ? rule.targets : rule.sources).front().text();
        const std::string head = text.substr(0, text.find('{'));
        return head.substr(0, head.find_first_of("./"));
    }

    std::string ruleTable(const std::vector<Rule> &rules)
    {
        std::string text, group;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const Rule &rule = rules[i];
            if (const std::string next = groupOf(rule); next != group) {
                group = next;
                if (!group.empty())
                    text += fmt::format("    # {}\n", pythonComment(group));
            }
            if (!rule.note.empty())
                text += fmt::format("    # {}\n", pythonComment(rule.note));
            const bool forward = &rules == &m_mapping.rules;
            const std::string call = ruleCall(rule, forward && m_back.swapped ? m_back.steps[i] : std::nullopt);
            if (rule.state == RuleState::ToReview)
                text += fmt::format("    # open question, confidence {:.2f}: {}\n", rule.confidence, pythonComment(call));
            else
                text += call;
        }
        return text;
    }

    std::string ruleCall(const Rule &rule, const std::optional<Transform> &back)
    {
        const bool open = rule.state == RuleState::ToReview;
        std::vector<std::string> parts;
        std::string name = "Rule";
        std::set<std::string> unused;
        std::set<std::string> &used = open ? unused : m_usedSteps;
        WrittenLists lists = differingLists(rule);
        if (rule.kind == RuleKind::Drop) {
            name = "Drop";
            m_writesDrop = m_writesDrop || !open;
            parts = {pythonPatterns(rule.sources, lists), pythonString(displayText(rule.reason, 200))};
        } else if (rule.kind == RuleKind::Init) {
            name = "Init";
            m_writesInit = m_writesInit || !open;
            parts = {pythonPatterns(rule.targets, lists), fmt::format("\"{}\"", initPolicyName(rule.init))};
            if (rule.init == InitPolicy::Normal)
                parts.push_back(fmt::format("std={}", rule.initStd));
        } else {
            parts = {pythonPatterns(rule.sources, lists), pythonPatterns(rule.targets, lists)};
            if (!rule.transform.empty())
                parts.push_back(pythonSteps(rule.transform, used));
            if (back && !back->empty())
                parts.push_back("back=" + pythonSteps(*back, used));
        }
        return open ? call(name, parts, 1000000) : call(name, parts, widestLine);
    }

    static std::string call(const std::string &name, const std::vector<std::string> &parts, std::size_t widest)
    {
        std::string line = name + "(";
        for (std::size_t i = 0; i < parts.size(); ++i)
            line += (i > 0 ? ", " : "") + parts[i];
        line += ")";
        if (widest > widestLine)
            return line;
        if (line.size() + 5 <= widest)
            return "    " + line + ",\n";
        std::string text = "    " + name + "(\n";
        for (const std::string &part : parts)
            text += part.starts_with("[\"") && part.size() + 9 > widest ? brokenList(part) : "        " + part + ",\n";
        return text + "    ),\n";
    }

    /// `["a", "b"]` with a line for each.
    static std::string brokenList(std::string_view list)
    {
        std::string text = "        [\n";
        for (std::string_view left = list.substr(1, list.size() - 2); !left.empty();) {
            const std::size_t end = left.find("\", \"");
            text += "            " + std::string(left.substr(0, end == std::string_view::npos ? end : end + 1)) + ",\n";
            left.remove_prefix(end == std::string_view::npos ? left.size() : end + 3);
        }
        return text + "        ],\n";
    }

    static std::string keyTable(const std::string &name, const Schema &schema)
    {
        std::vector<DType> order;
        std::map<DType, std::vector<std::string>> keys;
        for (const SchemaTensor &tensor : schema.tensors) {
            if (tensor.key.find_first_of("{}") != std::string::npos)
                throw Error(schema.name, displayText(tensor.key), "a key with braces cannot be listed in a Python script");
            if (keys[tensor.dtype].empty())
                order.push_back(tensor.dtype);
            keys[tensor.dtype].push_back(tensor.key);
        }
        std::string text = fmt::format("\n{}: dict[torch.dtype, list[str]] = {{\n", name);
        for (const DType dtype : order) {
            text += fmt::format("    {}: [\n", pythonDType(dtype));
            for (const std::string &line : braceTexts(keys[dtype]))
                text += fmt::format("        {},\n", pythonString(line));
            text += "    ],\n";
        }
        return text + "}\n";
    }

    std::string keyTables(const std::string &backRules) const
    {
        std::string text;
        if (!backRules.empty())
            text += "\nBACK_RULES: list = [\n" + backRules + "]\n";
        if (m_input.target)
            text += "\n# The target's keys by type.\n" + keyTable("TARGET_KEYS", *m_input.target).substr(1);
        if (m_back.possible)
            text += keyTable("SOURCE_KEYS", *m_input.source);
        if (m_writesInit)
            text += initShapes();
        return text;
    }

    std::string initShapes() const
    {
        std::string text = "\nINIT_SHAPES: dict[str, Sequence[int]] = {\n";
        for (std::size_t i = 0; m_input.resolution && m_input.target && i < m_input.resolution->targets.size(); ++i) {
            const TargetOutcome &outcome = m_input.resolution->targets[i];
            if (outcome.status != TargetStatus::Initialised || m_mapping.rules[outcome.rule].init == InitPolicy::Keep)
                continue;
            std::string shape;
            for (const std::int64_t size : m_input.target->tensors[i].shape)
                shape += fmt::format("{}{}", shape.empty() ? "" : ", ", size);
            text += fmt::format("    {}: [{}],\n", pythonString(m_input.target->tensors[i].key), shape);
        }
        return text + "}\n";
    }

    ExportInput m_input;
    const Mapping &m_mapping;
    Resolution m_resolved;
    WayBack m_back;
    std::set<std::string> m_usedSteps;
    std::set<std::string, std::less<>> m_names;
    bool m_writesDrop = false, m_writesInit = false;
};

} // namespace

/// A script that converts without Rekey: the rules as a table, a small engine for them, and only those helpers that
/// they use (python/). Gives the same bytes as Rekey's own conversion.
std::string writePython(const ExportInput &input)
{
    return Script(input).write();
}

} // namespace rekey
