// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

#include "core/script/keyexpressions.h"
#include "core/script/pythonpatterns.h"
#include "core/script/weightconverter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

// The form of transformers 5 (src/transformers/conversion_mapping.py): a list of WeightRenaming and WeightConverter. While a
// checkpoint loads, each key goes through all renamings one after the other, each replacing what it finds first; then the first
// converter with a source pattern that is found takes it (core_model_loading.py, rename_source_key).

namespace rekey {

namespace {

constexpr std::size_t mostEntries = 128; ///< for one rule
constexpr std::size_t mostKeysChecked = 20'000;

class WeightConversions
{
public:
    explicit WeightConversions(const ExportInput &input)
        : m_input(input)
    {
        for (std::uint32_t i = 0; i < input.mapping->rules.size(); ++i)
            add(i);
        order();
        checkKeys();
    }

    std::string write() const
    {
        std::string text
            = fmt::format("# {}\n", pythonComment(m_input.mapping->name.empty() ? "Weight conversions" : m_input.mapping->name));
        text += "# For transformers 5: a model type's entry in conversion_mapping.py, or\n"
                "# register_checkpoint_conversion_mapping(\"MODEL_TYPE\", WEIGHT_CONVERSIONS).\n";
        if (m_severalGroups)
            text += "# Patterns with several groups work for loading; saving back in the old names takes one group at most.\n";
        if (!m_unsaid.empty())
            text += "#\n# What such a list cannot say:\n" + m_unsaid;
        std::set<std::string> names = m_operations;
        names.insert("WeightRenaming");
        if (!m_operations.empty())
            names.insert("WeightConverter");
        text += fmt::format("from transformers.core_model_loading import {}\n\n", fmt::join(names, ", "));
        text += "WEIGHT_CONVERSIONS = [\n";
        std::size_t renaming = 0;
        for (const std::string &entry : m_entries)
            text += entry.empty() ? m_renamings[renaming++].text : entry;
        text += "]\n";
        if (!m_ignored.empty())
            text += "\n# For the model class: source keys that are not wanted.\n_keys_to_ignore_on_load_unexpected = [\n" + m_ignored
                    + "]\n";
        return text;
    }

private:
    struct Renaming
    {
        Pattern from, to;
        std::string text;
    };
    struct Converter
    {
        WeightConverterText text;
        std::set<std::uint32_t> rules;
    };

    void unsaid(const Rule &rule, const std::string &why)
    {
        m_unsaid += fmt::format("# - {}: {}\n", ruleComment(rule), why);
        m_unsaidRules.insert(m_rule);
    }

    void add(std::uint32_t index)
    {
        m_rule = index;
        const Rule &rule = m_input.mapping->rules[index];
        if (rule.state == RuleState::ToReview)
            return unsaid(rule, fmt::format("open question, confidence {:.2f}", rule.confidence));
        if (rule.kind == RuleKind::Init)
            return unsaid(rule, "the model initialises keys that are missing by itself");
        if (rule.kind == RuleKind::Drop) {
            for (const Pattern &pattern : rule.sources)
                m_ignored += fmt::format("    r\"{}\",{}\n", keyExpression(pattern),
                                         rule.reason.empty() ? "" : "  # " + pythonComment(rule.reason));
            return;
        }
        Rule first = rule;
        const bool renames = renamesSingleKeys(rule, index, m_input);
        if (renames && rule.targets.size() > 1) {
            first.targets.resize(1);
            unsaid(rule, "one tensor under several names; the first is renamed, the others are for _tied_weights_keys");
        }
        const std::vector<Rule> plain = writtenOut(first, index, m_input, mostEntries);
        if (plain.empty())
            return unsaid(rule, "arithmetic on numbers");
        for (const Rule &each : plain) {
            if (renames)
                addRenaming(each, each.sources.front(), each.targets.front());
            else
                addConverter(each, index);
        }
    }

    void addRenaming(const Rule &rule, const Pattern &from, const Pattern &to)
    {
        if (from == to)
            return;
        const KeyRenaming renaming = keyRenaming(from, to, true);
        if (renaming.hasDigitAfterGroup)
            return unsaid(rule, "a digit after a variable, which a replacement cannot have here");
        if (!m_expressions.insert(renaming.expression).second)
            return unsaid(rule, "one tensor under several names; the others are for _tied_weights_keys");
        m_severalGroups = m_severalGroups || renaming.groups > 1;
        m_entries.emplace_back();
        m_renamings.push_back(
            {from, to, fmt::format("    WeightRenaming(r\"{}\", r\"{}\"),\n", renaming.expression, renaming.replacement)});
    }

    void addConverter(const Rule &rule, std::uint32_t index)
    {
        const WeightConverterText converter = weightConverter(rule);
        if (!converter.obstacle.empty())
            return unsaid(rule, converter.obstacle);
        if (converter.squeezes && hasSizeOne(index))
            return unsaid(rule, "SplitModulelist would also squeeze dimensions of size 1");
        for (const auto &[from, to] : converter.renamings)
            addRenaming(rule, from, to);
        const auto same = std::ranges::find_if(m_converters, [&](const Converter &other) {
            return other.text.sources == converter.sources && other.text.targets == converter.targets
                   && other.text.operation == converter.operation;
        });
        if (same != m_converters.end()) { // of two towers, say: what differs stands before the pieces
            same->rules.insert(index);
            return;
        }
        const auto listed = [](const std::vector<std::string> &texts, const char *prefix) {
            std::string text;
            for (const std::string &each : texts)
                text += fmt::format("{}{}\"{}\"", text.empty() ? "" : ", ", prefix, each);
            return texts.size() == 1 ? text : "[" + text + "]";
        };
        m_entries.push_back(fmt::format(
            "    WeightConverter(\n        source_patterns={},\n        target_patterns={},\n        operations=[{}],\n    ),\n",
            listed(converter.sources, "r"), listed(converter.targets, ""), converter.operation));
        m_operations.insert(converter.operation.substr(0, converter.operation.find('(')));
        m_converters.push_back({converter, {index}});
    }

    bool hasSizeOne(std::uint32_t index) const
    {
        if (!m_input.resolution || !m_input.target)
            return false;
        return std::ranges::any_of(m_input.resolution->assignments, [&](const Assignment &assignment) {
            return assignment.rule == index && std::ranges::any_of(assignment.targets, [&](std::uint32_t target) {
                return std::ranges::find(m_input.target->tensors[target].shape, 1) != m_input.target->tensors[target].shape.end();
            });
        });
    }

    bool hasPair() const
    {
        return m_input.resolution && m_input.source && m_input.target && m_input.source->tensors.size() <= mostKeysChecked;
    }

    /// A renaming whose result another one would find comes after it ("proj_in" to "layers.0" after "layers.0" to "layers.1").
    void order()
    {
        if (!hasPair())
            return;
        std::vector<std::set<std::size_t>> after(m_renamings.size()); // by renaming: those that come before it
        for (const SchemaTensor &tensor : m_input.source->tensors) {
            for (std::size_t i = 0; i < m_renamings.size(); ++i) {
                const std::optional<Binding> found = m_renamings[i].from.match(tensor.key);
                const std::string name = found ? m_renamings[i].to.expand(*found).value_or(tensor.key) : tensor.key;
                for (std::size_t j = 0; found && j < m_renamings.size(); ++j) {
                    if (j != i && m_renamings[j].from.match(name))
                        after[i].insert(j);
                }
            }
        }
        std::vector<Renaming> ordered;
        std::vector<bool> taken(m_renamings.size());
        const auto isFree
            = [&](std::size_t i) { return !taken[i] && std::ranges::all_of(after[i], [&](std::size_t j) { return taken[j]; }); };
        while (ordered.size() < m_renamings.size()) {
            std::size_t next = 0;
            while (next < taken.size() && !isFree(next))
                ++next;
            if (next == taken.size()) // names that change places: no order helps
                next = static_cast<std::size_t>(std::ranges::find(taken, false) - taken.begin());
            taken[next] = true;
            ordered.push_back(m_renamings[next]);
        }
        m_renamings = std::move(ordered);
    }

    /// What transformers would make of a key, and the converter that takes it.
    std::pair<std::string, const Converter *> loaded(std::string key) const
    {
        for (const Renaming &renaming : m_renamings) {
            if (const std::optional<Binding> found = renaming.from.match(key))
                key = renaming.to.expand(*found).value_or(key);
        }
        for (const Converter &converter : m_converters) {
            if (const std::optional<std::string> name = converter.text.rename(key))
                return {*name, &converter};
        }
        return {key, nullptr};
    }

    /// Renamings follow one another there and apply at once here: is every key of the pair meant where it comes out?
    void checkKeys()
    {
        if (!hasPair())
            return;
        const SchemaIndex targets(*m_input.target);
        std::vector<std::string> wrong;
        std::set<std::uint32_t> arrived; // assignments
        for (std::uint32_t i = 0; i < m_input.source->tensors.size(); ++i) {
            const auto [name, converter] = loaded(m_input.source->tensors[i].key);
            const std::size_t target = targets.find(name);
            if (target == SchemaIndex::npos)
                continue;
            const std::uint32_t assignment = m_input.resolution->targets[target].assignment;
            const auto &meant = m_input.resolution->sources[i].assignments;
            const std::uint32_t rule = assignment == none ? none : m_input.resolution->assignments[assignment].rule;
            if (rule != none && std::ranges::find(meant, assignment) != meant.end()
                && (converter ? converter->rules.contains(rule) : m_input.mapping->rules[rule].transform.empty()))
                arrived.insert(assignment);
            else
                wrong.push_back(fmt::format("'{}' as '{}'", m_input.source->tensors[i].key, name));
        }
        if (!wrong.empty())
            m_unsaid
                += fmt::format("# - {} key{} would be taken for another, since renamings follow one another and converters search: {}\n",
                               wrong.size(), wrong.size() == 1 ? "" : "s", pythonComment(wrong.front()));
        std::vector<std::string> empty;
        for (std::uint32_t i = 0; i < m_input.resolution->assignments.size(); ++i) {
            const Assignment &assignment = m_input.resolution->assignments[i];
            if (!arrived.contains(i) && !m_unsaidRules.contains(assignment.rule))
                empty.push_back(m_input.target->tensors[assignment.targets.front()].key);
        }
        if (!empty.empty())
            m_unsaid += fmt::format("# - {} target key{} would stay empty, first '{}'\n", empty.size(), empty.size() == 1 ? "" : "s",
                                    pythonComment(empty.front()));
    }

    const ExportInput &m_input;
    std::vector<std::string> m_entries; ///< empty: the next renaming
    std::string m_unsaid, m_ignored;
    std::set<std::uint32_t> m_unsaidRules;
    std::uint32_t m_rule = none; ///< the one that is being added
    bool m_severalGroups = false;
    std::set<std::string> m_expressions, m_operations;
    std::vector<Renaming> m_renamings;
    std::vector<Converter> m_converters;
};

} // namespace

std::string writeWeightConversions(const ExportInput &input)
{
    return WeightConversions(input).write();
}

} // namespace rekey
