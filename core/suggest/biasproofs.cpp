// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include <algorithm>

namespace rekey {

namespace {

class BiasProofs
{
public:
    explicit BiasProofs(Proofs &proofs) : m_proofs(proofs), m_sources(proofs.source()), m_targets(proofs.target()) {}

    void all()
    {
        for (std::size_t p = 0, count = m_proofs.all().size(); p < count; ++p) {
            const Pairing weight = m_proofs.all()[p];
            Tensors sources, targets;
            if (movesRows(weight.transform) && biasesOf(weight.sources, m_proofs.source(), m_sources, sources)
                && biasesOf(weight.targets, m_proofs.target(), m_targets, targets) && m_proofs.allOpen(targets)
                && std::none_of(sources.begin(), sources.end(), [&](std::uint32_t s) { return m_proofs.isSkipped(s); }))
                prove(weight, std::move(sources), std::move(targets));
        }
    }

private:
    static bool movesRows(const Transform &transform)
    {
        return std::any_of(transform.begin(), transform.end(), [](const Step &s) {
            return std::holds_alternative<Concat>(s.op) || std::holds_alternative<Split>(s.op) || std::holds_alternative<Interleave>(s.op);
        });
    }

    static bool biasesOf(const Tensors &weights, const Schema &schema, const SchemaIndex &index, Tensors &biases)
    {
        for (const auto weight : weights) {
            std::string key = schema.tensors[weight].key;
            const std::size_t at = key.rfind("weight");
            if (at == std::string::npos)
                return false;
            const std::size_t bias = index.find(key.replace(at, 6, "bias"));
            if (bias == SchemaIndex::npos || schema.tensors[bias].shape.size() != 1)
                return false;
            biases.push_back(static_cast<std::uint32_t>(bias));
        }
        return !biases.empty();
    }

    void prove(const Pairing &weight, Tensors sources, Tensors targets)
    {
        Transform transform;
        for (const auto &s : weight.transform)
            if (!std::holds_alternative<Transpose>(s.op))
                transform.push_back(s);
        const DType dtype = m_proofs.values().common(sources.front(), targets.front());
        std::vector<std::vector<std::uint64_t>> rows;
        bool telling = false;
        for (const auto s : sources) {
            const Print *print = m_proofs.values().source(s, dtype);
            if (print == nullptr)
                return;
            rows.push_back(print->rows);
            telling = telling || print->telling;
        }
        const auto result = moved(transform, std::move(rows));
        if (!result || result->size() != targets.size() || !m_proofs.allComparable(sources, targets, dtype))
            return;
        for (std::size_t i = 0; i < targets.size(); ++i)
            if (const Print *print = m_proofs.values().target(targets[i], dtype);
                print == nullptr || !sameSequence((*result)[i], print->rows))
                return;
        m_proofs.prove(std::move(sources), std::move(targets), std::move(transform), dtype,
                       telling ? "values equal, in the order of the weight's rows" : "values equal, all alike; joined as the weight is");
    }

    Proofs &m_proofs;
    SchemaIndex m_sources, m_targets;
};

} // namespace

void proveBiasesAsWeights(Proofs &proofs) { BiasProofs(proofs).all(); }

} // namespace rekey
