// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

#include "core/base/error.h"
#include "core/mapping/rulevariables.h"
#include "core/script/keytexts.h"
#include "core/script/pythonpatterns.h"
#include "core/script/pythonsteps.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace rekey {

namespace {

constexpr std::string_view scriptTemplate =
#include "conversion_template.inc"
    ;

constexpr std::size_t widestLine = 118;

/// The template's blocks: "#if name" … "#endif" stay where the name is set, and may be nested.
std::string choose(std::string_view text, const std::set<std::string, std::less<>> &names)
{
    std::string result;
    std::vector<bool> kept;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end);
        if (line.starts_with("#if "))
            kept.push_back(names.contains(line.substr(4, line.find_first_of(" \n", 4) - 4)));
        else if (line.starts_with("#endif"))
            kept.pop_back();
        else if (std::ranges::find(kept, false) == kept.end())
            result += line;
    }
    return result;
}

void fill(std::string &text, std::string_view place, std::string_view value)
{
    const std::string marked = fmt::format("%%{}%%", place);
    for (std::size_t at = text.find(marked); at != std::string::npos; at = text.find(marked, at + value.size()))
        text.replace(at, marked.size(), value);
}

/// How the mapping leads back, if it does.
struct WayBack
{
    bool possible = false;
    bool swapped = false;                        ///< each rule the other way round, by `steps`; else by `rules`
    std::vector<std::optional<Transform>> steps; ///< by rule
    std::vector<Rule> rules;
    std::vector<std::string> obstacles;
};

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
        findWayBack();
        const std::string rules = ruleTable(m_mapping.rules, "");
        const std::string back = m_back.possible && !m_back.swapped ? ruleTable(m_back.rules, "") : std::string();
        setNames();
        std::string text = choose(scriptTemplate, m_names);
        fill(text, "TITLE", pythonComment(fmt::format("Convert {} to {}.", sideText(m_input.source, firstSource()), sideText(m_input.target, m_mapping.target))));
        fill(text, "ABOUT", about());
        fill(text, "TYPES", m_names.contains("steps") ? "Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union"
                                                        : "Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union");
        fill(text, "PATTERN_NOTES", m_names.contains("sums") ? "\n    {i+1}, {3*i+j} are sums, solved where they are matched." : "");
        fill(text, "HELPERS", pythonHelpers(m_usedSteps));
        fill(text, "RULE_TYPES", ruleTypes());
        fill(text, "RULES", rules.substr(0, rules.find_last_not_of('\n') + 1));
        fill(text, "KEYS", keyTables(back));
        fill(text, "DESCRIPTION", pythonComment(m_mapping.name.empty() ? std::string("Convert a checkpoint.") : m_mapping.name));
        fill(text, "KNOWN_KEYS", m_back.possible ? "SOURCE_KEYS if arguments.reverse else TARGET_KEYS" : "TARGET_KEYS");
        fill(text, "REVERSE_RULES", m_back.swapped ? "reversed_rules()" : "BACK_RULES");
        fill(text, "SWAPPED_STEPS", m_names.contains("back") ? ", rule.back" : "");
        fill(text, "NO_STEPS", m_names.contains("steps") ? " and not rule.steps" : "");
        fill(text, "INIT_CONDITION", m_back.possible ? " and not arguments.reverse" : "");
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
        std::string text = fmt::format("Written by Rekey from a mapping of {} rule{}. Needs torch, and for safetensors nothing else.\n", m_mapping.rules.size(),
                                       m_mapping.rules.size() == 1 ? "" : "s");
        text += "\n    python3 convert.py INPUT OUTPUT [--target MODEL] [--dtype float16]";
        text += m_back.possible ? " [--reverse]\n" : "\n";
        text += "\nThe rules hold for any number of blocks; the lists of keys are those of the pair that the mapping was made for, and\n"
                "--target replaces them by those of another model. Exit code 1: target keys stayed without value.";
        if (!m_back.possible && !m_back.obstacles.empty()) {
            text += "\n\nThere is no way back:";
            for (const std::string &obstacle : m_back.obstacles)
                text += "\n- " + pythonComment(obstacle);
        }
        return text;
    }

    void findWayBack()
    {
        m_back.steps.resize(m_mapping.rules.size());
        if (!m_input.resolution || !m_input.source || !m_input.target)
            return;
        Inversion inversion = invert(m_mapping, *m_input.resolution, *m_input.source, *m_input.target);
        m_back.obstacles = inversion.notInvertible;
        for (const Rule &rule : m_mapping.rules)
            if (rule.state == RuleState::ToReview)
                m_back.obstacles.push_back("A rule is an open question.");
        m_back.possible = m_back.obstacles.empty() && !m_mapping.rules.empty();
        m_back.rules = std::move(inversion.mapping.rules);
        m_back.swapped = m_back.possible;
        for (std::uint32_t i = 0; m_back.swapped && i < m_mapping.rules.size(); ++i)
            m_back.swapped = findSteps(i);
    }

    /// One transform that undoes the rule wherever it applies; false where it takes several.
    bool findSteps(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        if (rule.kind != RuleKind::Map || rule.transform.empty())
            return rule.transform.empty();
        for (const Assignment &assignment : m_input.resolution->assignments) {
            if (assignment.rule != index)
                continue;
            std::vector<TensorShape> inputs;
            for (const std::uint32_t key : assignment.sources)
                inputs.push_back({m_input.source->tensors[key].shape, m_input.source->tensors[key].dtype});
            const std::optional<Transform> back = inverse(rule.transform, inputs);
            if (!back || (m_back.steps[index] && m_back.steps[index] != back))
                return false;
            m_back.steps[index] = back;
        }
        return m_back.steps[index].has_value();
    }

    void setNames()
    {
        const auto any = [this](auto &&test) { return std::ranges::any_of(m_mapping.rules, test); };
        const auto anyPattern = [&](auto &&test) {
            return any([&](const Rule &rule) { return std::ranges::any_of(rule.sources, test) || std::ranges::any_of(rule.targets, test); });
        };
        const auto set = [this](const char *name, bool on) {
            if (on)
                m_names.insert(name);
        };
        set("steps", !m_usedSteps.empty());
        set("helpers", !m_usedSteps.empty());
        set("back", m_back.swapped && !m_usedSteps.empty());
        set("drop", m_writesDrop);
        set("init", m_writesInit);
        set("keys", m_input.target != nullptr);
        set("sums", anyPattern(hasSums));
        set("plain", !anyPattern(hasSums));
        const auto scatters = [](const std::vector<Pattern> &from, const std::vector<Pattern> &to) { return !variablesOnlyIn(to, from).empty(); };
        set("scatter", any([&](const Rule &rule) {
                return rule.kind == RuleKind::Map && (scatters(rule.sources, rule.targets) || (m_back.possible && scatters(rule.targets, rule.sources)));
            }));
        set("reverse", m_back.possible);
        set("swap", m_back.swapped);
        set("tied", any([](const Rule &rule) { return rule.kind == RuleKind::Map && rule.sources.size() == 1 && rule.targets.size() > 1; }));
    }

    std::string ruleTypes() const
    {
        if (!m_writesDrop && !m_writesInit)
            return "Rule";
        return fmt::format("Union[Rule{}{}]", m_writesDrop ? ", Drop" : "", m_writesInit ? ", Init" : "");
    }

    /// "image_encoder.blocks", to group rules by.
    static std::string groupOf(const Rule &rule)
    {
        const std::string &text = (rule.sources.empty() ? rule.targets : rule.sources).front().text();
        const std::string head = text.substr(0, text.find('{'));
        return head.substr(0, head.find_first_of("./"));
    }

    std::string ruleTable(const std::vector<Rule> &rules, const std::string &indent)
    {
        std::string text, group;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const Rule &rule = rules[i];
            if (const std::string next = groupOf(rule); next != group) {
                group = next;
                if (!group.empty())
                    text += fmt::format("{}    # {}\n", indent, pythonComment(group));
            }
            if (!rule.note.empty())
                text += fmt::format("{}    # {}\n", indent, pythonComment(rule.note));
            const bool forward = &rules == &m_mapping.rules;
            const std::string call = ruleCall(rule, forward && m_back.swapped ? m_back.steps[i] : std::nullopt);
            if (rule.state == RuleState::ToReview)
                text += fmt::format("{}    # open question, confidence {:.2f}: {}\n", indent, rule.confidence, pythonComment(call));
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
        if (rule.kind == RuleKind::Drop) {
            name = "Drop";
            m_writesDrop = m_writesDrop || !open;
            parts = {pythonPatterns(rule.sources), pythonString(displayText(rule.reason, 200))};
        } else if (rule.kind == RuleKind::Init) {
            name = "Init";
            m_writesInit = m_writesInit || !open;
            parts = {pythonPatterns(rule.targets), fmt::format("\"{}\"", initPolicyName(rule.init))};
            if (rule.init == InitPolicy::Normal)
                parts.push_back(fmt::format("std={}", rule.initStd));
        } else {
            parts = {pythonPatterns(rule.sources), pythonPatterns(rule.targets)};
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
            text += "        " + part + ",\n";
        return text + "    ),\n";
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
        std::string text = fmt::format("\n{}: Dict[torch.dtype, List[str]] = {{\n", name);
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
            text += "\nBACK_RULES: List = [\n" + backRules + "]\n";
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
        std::string text = "\nINIT_SHAPES: Dict[str, Sequence[int]] = {\n";
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
/// they use (conversion_template.py). Gives the same bytes as Rekey's own conversion.
std::string writePython(const ExportInput &input)
{
    return Script(input).write();
}

} // namespace rekey
