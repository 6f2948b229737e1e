// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

#include "core/base/error.h"
#include "core/mapping/patterntokens.h"
#include "core/mapping/rulevariables.h"
#include "core/script/pythonpatterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

// The form of transformers' conversion scripts (convert_*_to_hf.py): a dictionary from regular expressions to
// replacements, applied to each key with re.sub. It renames only.

namespace rekey {

namespace {

using Token = PatternToken;
using Kind = PatternToken::Kind;

struct Renaming
{
    std::string expression, replacement;
};

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

std::string replacementText(std::string_view text)
{
    std::string result;
    for (const char c : text)
        result += c == '\\' ? std::string("\\\\") : std::string(1, c);
    return result;
}

/// A pattern with the choice of one variable fixed for both sides: alternatives that differ need an entry each.
class Writer
{
public:
    Writer(const Pattern &source, const Pattern &target)
        : m_source(source.compiled())
        , m_target(target.compiled())
    {
    }

    /// Why it cannot be said; empty when it can.
    std::string obstacle() const
    {
        const auto isSum = [](const Token &token) {
            return token.kind == Kind::Number && (token.terms.size() > 1 || token.terms.front().factor != 1 || token.constant != 0);
        };
        if (std::ranges::any_of(m_source.tokens, isSum) || std::ranges::any_of(m_target.tokens, isSum))
            return "arithmetic on numbers";
        return {};
    }

    std::vector<Renaming> write() const
    {
        std::vector<Renaming> result;
        std::map<std::string, std::size_t> positions;
        write(0, positions, result);
        return result;
    }

private:
    /// Choices whose texts differ between the sides are written out one by one; others are a group like any variable.
    bool isWrittenOut(const std::string &name) const
    {
        const std::vector<std::string> *from = listOf(m_source, name), *to = listOf(m_target, name);
        return from && to && *from != *to;
    }

    static const std::vector<std::string> *listOf(const Pattern::Compiled &pattern, const std::string &name)
    {
        const auto found = std::ranges::find(pattern.slots, name, &Pattern::Variable::name);
        return found == pattern.slots.end() || found->alternatives.empty() ? nullptr : &found->alternatives;
    }

    void write(std::size_t slot, std::map<std::string, std::size_t> &positions, std::vector<Renaming> &result) const
    {
        while (slot < m_source.slots.size() && !isWrittenOut(m_source.slots[slot].name))
            ++slot;
        if (slot == m_source.slots.size()) {
            result.push_back(one(positions));
            return;
        }
        const Pattern::Variable &variable = m_source.slots[slot];
        for (std::size_t i = 0; i < variable.alternatives.size(); ++i) {
            positions[variable.name] = i;
            write(slot + 1, positions, result);
        }
        positions.erase(variable.name);
    }

    Renaming one(const std::map<std::string, std::size_t> &positions) const
    {
        Renaming renaming{"^", ""};
        std::map<std::string, std::size_t> groups;
        for (const Token &token : m_source.tokens) {
            const std::string name = token.kind == Kind::Literal ? std::string() : nameOf(m_source, token);
            if (token.kind == Kind::Literal)
                renaming.expression += escaped(token.text);
            else if (const auto fixed = positions.find(name); fixed != positions.end())
                renaming.expression += escaped(token.alternatives[fixed->second]);
            else if (const auto known = groups.find(name); known != groups.end())
                renaming.expression += fmt::format("\\{}", known->second);
            else {
                groups.emplace(name, groups.size() + 1);
                renaming.expression += expressionOf(token);
            }
        }
        renaming.expression += "$";
        for (const Token &token : m_target.tokens) {
            const std::string name = token.kind == Kind::Literal ? std::string() : nameOf(m_target, token);
            if (token.kind == Kind::Literal)
                renaming.replacement += replacementText(token.text);
            else if (const auto fixed = positions.find(name); fixed != positions.end())
                renaming.replacement += replacementText(token.alternatives[fixed->second]);
            else
                renaming.replacement += fmt::format("\\g<{}>", groups.at(name));
        }
        return renaming;
    }

    static std::string nameOf(const Pattern::Compiled &pattern, const Token &token)
    {
        return pattern.slots[token.kind == Kind::Number ? token.terms.front().slot : token.slot].name;
    }

    static std::string expressionOf(const Token &token)
    {
        switch (token.kind) {
        case Kind::Number: return "(\\d+)";
        case Kind::Rest: return "(.+)";
        case Kind::Segment: return "([^./]+)";
        default: break;
        }
        std::string text;
        for (const std::string &alternative : token.alternatives)
            text += (text.empty() ? "" : "|") + escaped(alternative);
        return "(" + text + ")";
    }

    const Pattern::Compiled &m_source;
    const Pattern::Compiled &m_target;
};

std::string ruleText(const Rule &rule)
{
    std::string text;
    for (const Pattern &pattern : rule.sources)
        text += (text.empty() ? "" : ", ") + pattern.text();
    text += rule.targets.empty() ? "" : " ->";
    for (const Pattern &pattern : rule.targets)
        text += " " + pattern.text();
    return pythonComment(text);
}

/// Why a rule is more than a renaming of single keys; empty when it is not.
std::string obstacleOf(const Rule &rule)
{
    if (rule.state == RuleState::ToReview)
        return fmt::format("open question, confidence {:.2f}", rule.confidence);
    if (rule.kind == RuleKind::Drop)
        return "drop" + (rule.reason.empty() ? std::string() : ": " + pythonComment(rule.reason));
    if (rule.kind == RuleKind::Init)
        return fmt::format("init {}", initPolicyName(rule.init));
    if (!rule.transform.empty() || rule.sources.size() > 1)
        return ruleTransformText(rule);
    if (!variablesOnlyIn(rule.sources, rule.targets).empty() || !variablesOnlyIn(rule.targets, rule.sources).empty())
        return "gathers or scatters keys";
    if (rule.targets.size() > 1)
        return "one tensor under several names; the first of them is in the dictionary";
    return Writer(rule.sources.front(), rule.targets.front()).obstacle();
}

} // namespace

std::string writeTransformers(const ExportInput &input)
{
    std::string entries, unsaid;
    for (const Rule &rule : input.mapping->rules) {
        const std::string obstacle = obstacleOf(rule);
        if (!obstacle.empty())
            unsaid += fmt::format("# - {}: {}\n", ruleText(rule), obstacle);
        const bool tied = rule.kind == RuleKind::Map && rule.state != RuleState::ToReview && rule.sources.size() == 1 && rule.targets.size() > 1
            && rule.transform.empty() && variablesOnlyIn(rule.sources, rule.targets).empty() && variablesOnlyIn(rule.targets, rule.sources).empty();
        if (!obstacle.empty() && !tied)
            continue;
        const Writer writer(rule.sources.front(), rule.targets.front());
        if (!writer.obstacle().empty())
            continue;
        for (const Renaming &renaming : writer.write())
            entries += fmt::format("    r\"{}\": r\"{}\",\n", renaming.expression, renaming.replacement);
    }
    std::string text = fmt::format("# {}\n", pythonComment(input.mapping->name.empty() ? "Key renaming" : input.mapping->name));
    text += "# For each key the first expression that matches it gives the new name.\n";
    if (!unsaid.empty())
        text += "#\n# What a dictionary of names cannot say, and the conversion has to do by itself:\n" + unsaid;
    text += "import re\n\nORIGINAL_TO_CONVERTED_KEY_MAPPING = {\n" + entries + "}\n\n\n";
    text += "def convert_old_keys_to_new_keys(state_dict_keys):\n"
            "    \"\"\"Maps each key that has a new name to it.\"\"\"\n"
            "    renamed = {}\n"
            "    for key in state_dict_keys:\n"
            "        for pattern, replacement in ORIGINAL_TO_CONVERTED_KEY_MAPPING.items():\n"
            "            if re.match(pattern, key):\n"
            "                renamed[key] = re.sub(pattern, replacement, key)\n"
            "                break\n"
            "    return renamed\n";
    return text;
}

} // namespace rekey
