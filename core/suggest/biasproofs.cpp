// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include "core/suggest/rowmoves.h"

#include <algorithm>
#include <set>

namespace rekey {

namespace {

class BiasProofs
{
public:
    explicit BiasProofs(Proofs &proofs) : m_proofs(proofs) {}

    void besideWeights()
    {
        const SchemaIndex sourceKeys(m_proofs.source()), targetKeys(m_proofs.target());
        for (std::size_t p = 0, count = m_proofs.all().size(); p < count; ++p) {
            const Pairing weight = m_proofs.all()[p];
            Tensors sources, targets;
            if (movesRows(weight.transform) && biasesOf(weight.sources, m_proofs.source(), sourceKeys, sources)
                && biasesOf(weight.targets, m_proofs.target(), targetKeys, targets) && m_proofs.allOpen(targets)
                && std::none_of(sources.begin(), sources.end(), [&](std::uint32_t s) { return m_proofs.isSkipped(s); }))
                prove(weight, std::move(sources), std::move(targets));
        }
    }

    /// Vectors whose rows are moved as those of some weight: biases that stand elsewhere than their weights, or whose
    /// values repeat, so that they alone do not tell how.
    void asSomeWeight(DType dtype)
    {
        std::vector<Transform> known;
        for (const auto &pairing : m_proofs.all())
            if (movesRows(pairing.transform) && std::find(known.begin(), known.end(), pairing.transform) == known.end())
                known.push_back(pairing.transform);
        const DigestIndex index = m_proofs.indexSources(dtype);
        m_proofs.eachOpen(dtype, [&](std::uint32_t t, const Print &print) {
            if (m_proofs.to(t).size() == 1)
                std::any_of(known.begin(), known.end(), [&](const Transform &transform) {
                    return reordered(t, print, transform, index, dtype) || joined(t, print, transform, index, dtype);
                });
        });
        const DigestIndex open = m_proofs.indexTargets(dtype);
        m_proofs.eachUnused(dtype, [&](std::uint32_t s, const Print &print) {
            if (m_proofs.from(s).size() == 1)
                std::any_of(known.begin(), known.end(),
                            [&](const Transform &transform) { return split(s, print, transform, open, dtype); });
        });
    }

private:
    /// One vector in another order.
    bool reordered(std::uint32_t t, const Print &print, const Transform &transform, const DigestIndex &index, DType dtype)
    {
        std::size_t copies = 1;
        for (const auto &s : transform)
            copies = std::max(copies, static_cast<std::size_t>(s.only + 1));
        for (const std::uint32_t s : m_proofs.comparable(index.bag, print.bag, t, dtype)) {
            if (m_proofs.from(s) != m_proofs.to(t))
                continue;
            const auto result = moved(transform, std::vector(copies, m_proofs.values().source(s, dtype)->rows));
            if (!result || result->size() != 1 || !sameSequence(result->front(), print.rows))
                continue;
            m_proofs.prove(Tensors(copies, s), {t}, transform, dtype, "values equal, in the order of a weight's rows");
            return true;
        }
        return false;
    }

    /// [concat, interleave].
    bool joined(std::uint32_t t, const Print &print, const Transform &transform, const DigestIndex &index, DType dtype)
    {
        const auto *weave = transform.size() == 2 ? std::get_if<Interleave>(&transform[1].op) : nullptr;
        if (weave == nullptr || !std::holds_alternative<Concat>(transform[0].op) || !fits(*weave, print.rows))
            return false;
        const Tensors parts = index.rows.parts(woven(print.rows, backwards(*weave)));
        if (parts.size() < 2 || !m_proofs.allComparable(parts, {t}, dtype))
            return false;
        m_proofs.prove(parts, {t}, transform, dtype, "values equal, mixed per head as a weight's rows");
        return true;
    }

    /// [interleave, split].
    bool split(std::uint32_t s, const Print &print, const Transform &transform, const DigestIndex &index, DType dtype)
    {
        const auto *weave = transform.size() == 2 ? std::get_if<Interleave>(&transform[0].op) : nullptr;
        if (weave == nullptr || !std::holds_alternative<Split>(transform[1].op) || !fits(*weave, print.rows))
            return false;
        const Tensors parts = index.rows.parts(woven(print.rows, *weave));
        if (parts.size() < 2 || !m_proofs.allOpen(parts) || !m_proofs.allComparable({s}, parts, dtype)
            || std::set<std::uint32_t>(parts.begin(), parts.end()).size() != parts.size())
            return false;
        m_proofs.prove({s}, parts, {transform[0], stepOf(splitInto(rangesOf(parts, m_proofs.target(), false), 0))}, dtype,
                       "values equal, mixed per head as a weight's rows");
        return true;
    }

    static bool fits(const Interleave &weave, Digests rows)
    {
        return rows.size() % static_cast<std::size_t>(weave.outer * weave.a * weave.b) == 0;
    }

    static bool movesRows(const Transform &transform)
    {
        return std::any_of(transform.begin(), transform.end(), [](const Step &s) {
            return std::holds_alternative<Concat>(s.op) || std::holds_alternative<Split>(s.op) || std::holds_alternative<Interleave>(s.op);
        });
    }

    /// For each weight the vector that is called its bias; where names say nothing, the only one beside it with one value a row.
    static bool biasesOf(const Tensors &weights, const Schema &schema, const SchemaIndex &index, Tensors &biases)
    {
        for (const auto weight : weights) {
            const Shape bias = {schema.tensors[weight].shape.front()};
            std::string key = schema.tensors[weight].key;
            if (const std::size_t at = key.rfind("weight"); at != std::string::npos) {
                const std::size_t called = index.find(key.replace(at, 6, "bias"));
                if (called == SchemaIndex::npos || schema.tensors[called].shape != bias)
                    return false;
                biases.push_back(static_cast<std::uint32_t>(called));
            } else if (const auto only = onlyBeside(weight, schema, bias)) {
                biases.push_back(*only);
            } else {
                return false;
            }
        }
        return !biases.empty();
    }

    static std::optional<std::uint32_t> onlyBeside(std::uint32_t weight, const Schema &schema, const Shape &shape)
    {
        const std::string &key = schema.tensors[weight].key, module = key.substr(0, key.find_last_of("./") + 1);
        std::optional<std::uint32_t> found;
        // Tensors of a module stand close to each other, whatever the order of the file.
        constexpr std::uint32_t reach = 8;
        const std::uint32_t begin = weight < reach ? 0 : weight - reach;
        const auto end = std::min(weight + reach, static_cast<std::uint32_t>(schema.tensors.size()));
        for (std::uint32_t t = begin; t < end; ++t) {
            const std::string &other = schema.tensors[t].key;
            if (schema.tensors[t].shape != shape || !other.starts_with(module)
                || other.find_first_of("./", module.size()) != std::string::npos)
                continue;
            if (found)
                return std::nullopt;
            found = t;
        }
        return found;
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
};

} // namespace

void proveBiasesBesideWeights(Proofs &proofs) { BiasProofs(proofs).besideWeights(); }
void proveBiasesAsSomeWeight(Proofs &proofs, DType dtype) { BiasProofs(proofs).asSomeWeight(dtype); }

} // namespace rekey
