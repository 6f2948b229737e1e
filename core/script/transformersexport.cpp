// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

#include "core/script/keyexpressions.h"
#include "core/script/pythonpatterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

// The form of transformers' conversion scripts (convert_*_to_hf.py): a dictionary from regular expressions to replacements. It
// renames only.

namespace rekey {

namespace {

constexpr std::size_t mostEntries = 128; ///< for one rule

/// Why a rule is more than a renaming of single keys; empty when it is not.
std::string obstacleOf(const Rule &rule, std::uint32_t index, const ExportInput &input)
{
    if (rule.state == RuleState::ToReview)
        return fmt::format("open question, confidence {:.2f}", rule.confidence);
    if (rule.kind == RuleKind::Drop)
        return "drop" + (rule.reason.empty() ? std::string() : ": " + pythonComment(rule.reason));
    if (rule.kind == RuleKind::Init)
        return fmt::format("init {}", initPolicyName(rule.init));
    return renamesSingleKeys(rule, index, input) ? std::string() : ruleTransformText(rule);
}

class Dictionary
{
public:
    explicit Dictionary(const ExportInput &input)
        : m_input(input)
    {
        for (std::uint32_t i = 0; i < input.mapping->rules.size(); ++i)
            add(i);
        findExtraRenamings();
    }

    std::string write() const
    {
        std::string text = fmt::format("# {}\n", pythonComment(m_input.mapping->name.empty() ? "Key renaming" : m_input.mapping->name));
        text += "# For each key the first expression that matches it gives the new name; a key that none matches keeps its own.\n";
        if (!m_unsaid.empty())
            text += "#\n# What a dictionary of names cannot say, and the conversion has to do by itself:\n" + m_unsaid;
        text += "import re\n\nORIGINAL_TO_CONVERTED_KEY_MAPPING = {\n" + m_entries + "}\n\n\n";
        text += "def convert_old_keys_to_new_keys(state_dict_keys):\n"
                "    \"\"\"The new name of each key.\"\"\"\n"
                "    new_names = {}\n"
                "    for key in state_dict_keys:\n"
                "        new_names[key] = key\n"
                "        for pattern, replacement in ORIGINAL_TO_CONVERTED_KEY_MAPPING.items():\n"
                "            new_names[key], count = re.subn(pattern, replacement, key)\n"
                "            if count:\n"
                "                break\n"
                "    return new_names\n";
        return text;
    }

private:
    void unsaid(const Rule &rule, const std::string &why) { m_unsaid += fmt::format("# - {}: {}\n", ruleComment(rule), why); }

    void add(std::uint32_t index)
    {
        const Rule &rule = m_input.mapping->rules[index];
        if (const std::string obstacle = obstacleOf(rule, index, m_input); !obstacle.empty())
            return unsaid(rule, obstacle);
        Rule first = rule;
        if (rule.targets.size() > 1) {
            first.targets.resize(1);
            unsaid(rule, "one tensor under several names; the first of them is in the dictionary");
        }
        const std::vector<Rule> plain = writtenOut(first, index, m_input, mostEntries);
        if (plain.empty())
            return unsaid(rule, "arithmetic on numbers");
        for (const Rule &each : plain) {
            const KeyRenaming renaming = keyRenaming(each.sources.front(), each.targets.front(), false);
            if (!m_expressions.insert(renaming.expression).second) {
                unsaid(each, "one tensor under several names; the first of them is in the dictionary");
                continue;
            }
            m_entries += fmt::format("    r\"{}\": r\"{}\",\n", renaming.expression, renaming.replacement);
            m_renamings.emplace_back(each.sources.front(), each.targets.front());
        }
    }

    /// Keys that the mapping leaves or uses otherwise but an expression matches: the mapping knows which target keys exist.
    void findExtraRenamings()
    {
        if (!m_input.resolution || !m_input.source || !m_input.target)
            return;
        std::vector<std::string> extra;
        for (std::uint32_t i = 0; i < m_input.source->tensors.size(); ++i) {
            const std::string &key = m_input.source->tensors[i].key;
            const auto found
                = std::ranges::find_if(m_renamings, [&](const auto &renaming) { return renaming.first.match(key).has_value(); });
            if (found == m_renamings.end())
                continue;
            const std::optional<std::string> name = found->second.expand(*found->first.match(key));
            const auto &assignments = m_input.resolution->sources[i].assignments;
            const bool meant = std::ranges::any_of(assignments, [&](std::uint32_t a) {
                const Assignment &assignment = m_input.resolution->assignments[a];
                return m_input.mapping->rules[assignment.rule].transform.empty()
                       && m_input.target->tensors[assignment.targets.front()].key == name;
            });
            if (!meant)
                extra.push_back(key);
        }
        if (!extra.empty())
            m_unsaid += fmt::format("# - {} key{} that an expression renames although the mapping does not, first '{}'\n", extra.size(),
                                    extra.size() == 1 ? "" : "s", pythonComment(extra.front()));
    }

    const ExportInput &m_input;
    std::string m_entries, m_unsaid;
    std::set<std::string> m_expressions;
    std::vector<std::pair<Pattern, Pattern>> m_renamings;
};

} // namespace

std::string writeTransformers(const ExportInput &input)
{
    return Dictionary(input).write();
}

} // namespace rekey
