// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"

#include "core/mapping/rulematching.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace rekey {

namespace {

/// An output and where it comes from, for the order and the ties of the schema.
struct Output
{
    SchemaTensor tensor;
    std::uint32_t firstSource = none;
    std::uint32_t copyOf = none; ///< root of the source that it is a plain copy of
};

class Producer
{
public:
    Producer(const Mapping &mapping, const Schema &source)
        : m_mapping(mapping)
        , m_source(source)
        , m_keys(source)
        , m_dropRule(source.tensors.size(), none)
    {
    }

    Schema produce()
    {
        for (std::uint32_t i = 0; i < m_mapping.rules.size(); ++i) {
            if (m_mapping.rules[i].kind != RuleKind::Drop)
                continue;
            for (const Pattern &pattern : m_mapping.rules[i].sources)
                m_keys.forEachMatch(pattern, [&](std::uint32_t key, auto) { m_dropRule[key] = std::min(m_dropRule[key], i); });
        }
        for (std::uint32_t i = 0; i < m_mapping.rules.size(); ++i) {
            if (m_mapping.rules[i].kind == RuleKind::Map && m_mapping.rules[i].state != RuleState::ToReview)
                addRule(i);
        }
        return schema();
    }

private:
    void addRule(std::uint32_t index)
    {
        const Rule &rule = m_mapping.rules[index];
        const RuleVariables variables(rule);
        if (!variables.problem().empty())
            return;
        const TargetFinder finder(rule, variables, nullptr);
        for (const RuleMatch &match : matchSources(rule, variables, m_keys).matches) {
            if (std::ranges::any_of(match.sources, [&](std::uint32_t key) { return m_dropRule[key] < index; }))
                continue;
            std::vector<TensorShape> inputs;
            for (const std::uint32_t key : match.sources)
                inputs.push_back({m_source.tensors[key].shape, m_source.tensors[key].dtype});
            const std::vector<TensorShape> outputs = outputShapes(rule.transform, inputs);
            const auto targets = finder.targets(match, outputs.size());
            const bool tied = outputs.size() == 1;
            if (!tied && targets.size() != outputs.size())
                continue;
            for (std::size_t i = 0; i < targets.size(); ++i) {
                const TensorShape &output = outputs[tied ? 0 : i];
                if (!m_taken.insert(targets[i].key).second)
                    continue;
                const std::uint32_t copyOf = rule.transform.empty() ? m_source.tensors[match.sources[tied ? 0 : i]].tiedTo : none;
                m_outputs.push_back({{targets[i].key, output.shape, output.dtype, 0}, match.sources.front(), copyOf});
            }
        }
    }

    Schema schema()
    {
        std::ranges::stable_sort(m_outputs, {}, &Output::firstSource);
        Schema result;
        result.name = m_mapping.target.name.empty() ? m_source.name : m_mapping.target.name;
        std::map<std::uint32_t, std::uint32_t> firstCopy;
        for (Output &output : m_outputs) {
            const auto index = static_cast<std::uint32_t>(result.tensors.size());
            output.tensor.tiedTo = output.copyOf == none ? index : firstCopy.emplace(output.copyOf, index).first->second;
            result.tensors.push_back(std::move(output.tensor));
        }
        return result;
    }

    const Mapping &m_mapping;
    const Schema &m_source;
    KeyTable m_keys;
    std::vector<std::uint32_t> m_dropRule;
    std::unordered_set<std::string> m_taken;
    std::vector<Output> m_outputs;
};

} // namespace

Schema outputSchema(const Mapping &mapping, const Schema &source)
{
    return Producer(mapping, source).produce();
}

} // namespace rekey
