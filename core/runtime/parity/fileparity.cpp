// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/parity/activationfile.h"
#include "core/runtime/parity/activationparity.h"
#include "core/runtime/parity/arrangement.h"
#include "core/runtime/parity/judgement.h"
#include "core/runtime/parity/layerpairs.h"
#include "core/runtime/parity/layerweights.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace rekey {

namespace {

/// The part of a name that tells branches of a network apart: its first segment, after a run's name ("hf/").
std::string sectionOf(const std::string &name)
{
    return name.substr(0, name.find_first_of("./#"));
}

class Comparison
{
public:
    Comparison(const FileParityRequest &request, ActivationParity &parity)
        : m_request(request)
        , m_parity(parity)
        , m_reference(request.reference, request.referencePrefix)
        , m_checked(request.checked, request.checkedPrefix)
        , m_from(request.referenceWeights != nullptr ? request.referenceWeights->schema() : m_reference.weights())
        , m_to(request.checkedWeights != nullptr ? request.checkedWeights->schema() : m_checked.weights())
    {
        if (request.mapping) {
            m_resolution = resolve(*request.mapping, m_from, m_to);
            if (m_from.tensors.empty() || m_to.tensors.empty())
                parity.warnings.emplace_back(
                    "The mapping was not used: the files do not say which weights the models have (those of the capture "
                    "script do), and the checkpoints are not given.");
        }
    }

    void run(const Progress &progress)
    {
        // Values in half precision agree no better than that.
        const double rounding = std::max(m_reference.rounding(), m_checked.rounding());
        m_parity.rounding = std::max(m_parity.rounding, rounding);
        m_parity.tolerance = std::max(m_parity.tolerance, 2 * rounding);
        const LayerPairs found = pairLayers(m_reference, m_checked, keyPairs());
        if (found.byOrder > 0)
            m_parity.warnings.push_back(
                fmt::format("{} of {} layers have other names and no mapping; they were put together by order and shape.", found.byOrder,
                            found.pairs.size()));
        countUnpaired("the reference", m_reference, found);
        countUnpaired("the other file", m_checked, found);
        compareWeights(progress.part(0, 0.3));
        for (std::size_t i = 0; i < found.pairs.size(); ++i) {
            progress.part(0.3, 1).step(i, found.pairs.size(), "comparing layers");
            m_parity.rows.push_back(row(found.pairs[i]));
        }
        judge(m_parity, {});
    }

private:
    /// Keys of weights that go together.
    KeyPairs keyPairs() const
    {
        KeyPairs pairs;
        for (std::size_t i = 0; i < m_resolution.targets.size(); ++i) {
            const TargetOutcome &outcome = m_resolution.targets[i];
            if (outcome.status != TargetStatus::Filled)
                continue;
            for (const std::uint32_t source : m_resolution.assignments[outcome.assignment].sources)
                pairs.emplace_back(m_from.tensors[source].key, m_to.tensors[i].key);
        }
        return pairs;
    }

    void countUnpaired(const char *side, const ActivationFile &file, const LayerPairs &found)
    {
        std::vector<std::string> alone;
        for (const ActivationFile::Entry &entry : file.entries()) {
            const auto isThis = [&](const LayerPair &pair) { return pair.reference == &entry || pair.checked == &entry; };
            if (std::ranges::none_of(found.pairs, isThis))
                alone.push_back(entry.name);
        }
        if (!alone.empty())
            m_parity.warnings.push_back(fmt::format("{} of {} layers in {} have no partner; the first is {}.", alone.size(),
                                                    file.entries().size(), side, displayText(alone.front(), 200)));
    }

    void compareWeights(const Progress &progress)
    {
        const CheckpointPtr &from = m_request.referenceWeights, &to = m_request.checkedWeights;
        if (from != nullptr && to != nullptr && from->hasValues() && to->hasValues())
            m_parity.weights = weightParity({from, to, m_request.mapping}, progress);
        else if (!m_reference.digests().empty() && !m_checked.digests().empty())
            m_parity.weights = byDigests();
        if (!m_parity.weights)
            return;
        for (const WeightParityRow &row : m_parity.weights->rows) {
            m_weights[row.key] = &row;
            m_rules[row.key] = row.rule;
        }
    }

    /// Plain copies of equal digest are equal. What a transform makes is not known without values: those keys have no row.
    WeightParity byDigests() const
    {
        WeightParity result;
        std::map<std::string, std::string> holder, partner; // the reference's key of a digest; the checked side's key of that
        for (const auto &[key, digest] : m_reference.digests())
            holder.emplace(digest, key);
        for (std::size_t i = 0; i < m_to.tensors.size(); ++i) {
            WeightParityRow row;
            row.key = m_to.tensors[i].key;
            row.target = static_cast<std::uint32_t>(i);
            row.shape = row.arriving = m_to.tensors[i].shape;
            row.dtype = row.arrivingDtype = m_to.tensors[i].dtype;
            std::string source = row.key;
            if (m_request.mapping) {
                const TargetOutcome &outcome = m_resolution.targets[i];
                const bool copy = outcome.status == TargetStatus::Filled && m_resolution.assignments[outcome.assignment].sources.size() == 1
                                  && m_request.mapping->rules[m_resolution.assignments[outcome.assignment].rule].transform.empty();
                if (!copy)
                    continue;
                row.rule = m_resolution.assignments[outcome.assignment].rule;
                source = m_from.tensors[m_resolution.assignments[outcome.assignment].sources.front()].key;
            }
            const auto a = m_reference.digests().find(source), b = m_checked.digests().find(row.key);
            const auto original = std::ranges::find(m_from.tensors, source, &SchemaTensor::key);
            if (a == m_reference.digests().end() || b == m_checked.digests().end() || original == m_from.tensors.end()
                || original->dtype != row.dtype)
                continue;
            row.sources = {source};
            partner[source] = row.key;
            row.difference.equal = a->second == b->second;
            row.verdict = row.difference.equal ? WeightVerdict::Equal : WeightVerdict::Different;
            row.reason = row.difference.equal ? "" : "the digests differ";
            result.rows.push_back(std::move(row));
        }
        for (WeightParityRow &row : result.rows) {
            const auto held = holder.find(m_checked.digests().at(row.key));
            if (row.verdict == WeightVerdict::Different && held != holder.end() && partner.contains(held->second)) {
                row.holdsValuesOf = partner.at(held->second);
                row.reason = "the values that belong to " + displayText(row.holdsValuesOf, 200) + " arrive here";
            }
        }
        return result;
    }

    LayerParityRow row(const LayerPair &pair) const
    {
        LayerParityRow row;
        row.layer = pair.checked->name;
        row.referenceLayer = pair.reference->name;
        row.section = sectionOf(row.layer);
        row.shape = pair.checked->shape;
        row.referenceShape = pair.reference->shape;
        const std::vector<float> checked = m_checked.values(*pair.checked), reference = m_reference.values(*pair.reference);
        std::vector<float> buffer;
        const Arrangement how = arrangement(row.shape, row.referenceShape).value_or(Arrangement::Same);
        row.accumulated = layerError(arranged(checked, row.shape, row.referenceShape, how, buffer), reference);
        if ((row.layer == "input" || row.layer.starts_with("input.")) && row.accumulated->error() > m_parity.rounding)
            row.reason = "the two were fed different inputs";
        const std::string module = row.layer.substr(0, row.layer.find('#')) + '.';
        for (const SchemaTensor &tensor : m_to.tensors) {
            if (tensor.key.starts_with(module))
                row.keys.push_back(tensor.key);
        }
        describeWeights(row, m_weights, m_rules);
        // A name that is no module's says nothing about weights.
        if (row.keys.empty())
            row.weights = LayerWeights::Unknown;
        return row;
    }

    const FileParityRequest &m_request;
    ActivationParity &m_parity;
    ActivationFile m_reference, m_checked;
    Schema m_from, m_to;
    Resolution m_resolution;
    std::map<std::string, const WeightParityRow *, std::less<>> m_weights;
    std::map<std::string, std::uint32_t> m_rules;
};

} // namespace

ActivationParity compareFiles(const FileParityRequest &request, const Progress &progress)
{
    const auto start = std::chrono::steady_clock::now();
    ActivationParity parity;
    parity.tolerance = request.tolerance;
    parity.rounding = parity.tolerance * driftPart;
    Comparison(request, parity).run(progress);
    parity.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return parity;
}

} // namespace rekey
