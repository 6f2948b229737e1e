// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/layerweights.h"

#include "core/base/error.h"

#include <algorithm>

namespace rekey {

namespace {

/// Distance from 1 to the next value of the type; of block types, a step over the block's largest value. 0: exact types.
double stepOf(DType dtype)
{
    switch (dtype) {
    case DType::F64:
    case DType::C128: return 0x1p-52;
    case DType::F32:
    case DType::C64: return 0x1p-23;
    case DType::F16:
    case DType::C32: return 0x1p-10;
    case DType::BF16: return 0x1p-7;
    case DType::F8E4M3:
    case DType::F8E4M3FNUZ: return 0x1p-3;
    case DType::F8E5M2:
    case DType::F8E5M2FNUZ: return 0x1p-2;
    case DType::Q8_0:
    case DType::Q8_1:
    case DType::Q8_K: return 0x1p-7;
    case DType::Q6_K: return 0x1p-5;
    case DType::Q5_0:
    case DType::Q5_1:
    case DType::Q5_K: return 0x1p-4;
    case DType::Q4_0:
    case DType::Q4_1:
    case DType::Q4_K: return 0x1p-3;
    default: return 0;
    }
}

/// Whether one of `names` is this key, or the part of it before a dot.
bool isAmong(const std::string &key, const std::vector<std::string> &names)
{
    return std::ranges::any_of(names,
                               [&](const std::string &name) { return name == key || (name.ends_with('.') && key.starts_with(name)); });
}

void addOnce(std::vector<std::uint32_t> &rules, std::uint32_t rule)
{
    if (rule != none && std::ranges::find(rules, rule) == rules.end())
        rules.push_back(rule);
}

} // namespace

double roundingTolerance(DType a, DType b, double largest)
{
    return 2 * std::max(stepOf(a), stepOf(b)) * largest;
}

void describeWeights(LayerParityRow &row, const std::map<std::string, const WeightParityRow *, std::less<>> &weights,
                     const std::map<std::string, std::uint32_t> &rules)
{
    bool known = !weights.empty();
    for (const std::string &key : row.keys) {
        const auto found = weights.find(key);
        known = known && found != weights.end();
        row.roundedWeights = row.roundedWeights || (found != weights.end() && found->second->verdict == WeightVerdict::WithinTolerance);
        if (found != weights.end() && found->second->verdict >= WeightVerdict::Different)
            row.differingKeys.push_back(key);
    }
    for (const std::vector<std::string> *keys : {&row.differingKeys, &row.keys}) {
        for (const std::string &key : *keys) {
            const auto rule = rules.find(key);
            addOnce(row.rules, rule == rules.end() ? none : rule->second);
        }
    }
    row.weights = row.keys.empty()             ? LayerWeights::None
                  : !row.differingKeys.empty() ? LayerWeights::Differ
                  : known                      ? LayerWeights::Equal
                                               : LayerWeights::Unknown;
}

ModelWeightTable::ModelWeightTable(const ModelWeights &checked, const ModelWeights *reference, ActivationParity &parity,
                                   const Progress &progress)
    : m_keys(runtime().modelKeys(checked))
{
    if (checked.mapping) {
        const Schema &source = checked.checkpoint->schema();
        const Schema target = checked.target != nullptr ? checked.target->schema() : outputSchema(*checked.mapping, source);
        const Resolution resolution = resolve(*checked.mapping, source, target);
        for (std::size_t i = 0; i < target.tensors.size(); ++i) {
            const TargetOutcome &outcome = resolution.targets[i];
            m_rules[target.tensors[i].key]
                = outcome.rule != none || outcome.assignment == none ? outcome.rule : resolution.assignments[outcome.assignment].rule;
            if (outcome.assignment != none) {
                for (const std::uint32_t from : resolution.assignments[outcome.assignment].sources)
                    m_sources[target.tensors[i].key].push_back(source.tensors[from].key);
            }
        }
    }
    if (reference == nullptr)
        return;
    try {
        WeightParity weights;
        compare(checked, *reference, weights, progress);
        parity.weights = std::move(weights);
        m_weights = &*parity.weights;
        for (const WeightParityRow &row : m_weights->rows)
            m_rows[row.key] = &row;
    } catch (const Error &error) {
        parity.warnings.push_back(std::string("Weights were not compared: ") + error.what());
    }
}

void ModelWeightTable::compare(const ModelWeights &checked, const ModelWeights &reference, WeightParity &weights,
                               const Progress &progress) const
{
    const std::vector<ModelKeyDifference> differences = runtime().compareWeights(reference, checked, progress);
    std::map<std::string, std::string> checkedName; // by the reference's key
    for (const ModelKeyDifference &difference : differences)
        checkedName[difference.storedA] = difference.storedB;
    for (const ModelKeyDifference &from : differences) {
        WeightParityRow row;
        row.key = from.storedB;
        row.shape = from.shapeB;
        row.arriving = from.shapeB;
        row.dtype = from.dtypeA;
        row.arrivingDtype = from.dtypeB;
        if (const auto rule = m_rules.find(row.key); rule != m_rules.end())
            row.rule = rule->second;
        if (const auto sources = m_sources.find(row.key); sources != m_sources.end())
            row.sources = sources->second;
        row.difference = from.difference;
        row.tolerance = roundingTolerance(from.dtypeA, from.dtypeB, from.difference.largest);
        row.reason = from.reason;
        if (!from.reason.empty())
            row.verdict = from.storedA.empty() ? WeightVerdict::Missing : WeightVerdict::Different;
        else if (from.difference.equal)
            row.verdict = WeightVerdict::Equal;
        else
            row.verdict = from.difference.maxAbsolute <= row.tolerance ? WeightVerdict::WithinTolerance : WeightVerdict::Different;
        if (row.verdict == WeightVerdict::Different && !from.holdsValuesOf.empty()) {
            const auto named = checkedName.find(from.holdsValuesOf);
            row.holdsValuesOf = named != checkedName.end() ? named->second : from.holdsValuesOf;
            row.reason = "the values that belong to " + displayText(row.holdsValuesOf, 200) + " arrive here";
        }
        weights.rows.push_back(std::move(row));
    }
}

void ModelWeightTable::describe(LayerParityRow &row, const std::vector<std::string> &layerKeys) const
{
    for (const ModelKey &key : m_keys) {
        if (isAmong(key.own, layerKeys))
            row.keys.push_back(key.stored);
    }
    describeWeights(row, m_rows, m_rules);
}

} // namespace rekey
