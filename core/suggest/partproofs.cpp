// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include <algorithm>
#include <set>

namespace rekey {

namespace {

class PartProofs
{
public:
    PartProofs(Proofs &proofs, DType dtype) : m_proofs(proofs), m_dtype(dtype) {}

    void joined(bool vectors)
    {
        const DigestIndex index = m_proofs.indexSources(m_dtype);
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if ((m_proofs.to(t).size() < 2) == vectors)
                joined(t, print, index);
        });
    }

    void split(bool vectors)
    {
        const DigestIndex index = m_proofs.indexTargets(m_dtype);
        m_proofs.eachUnused(m_dtype, [&](std::uint32_t s, const Print &print) {
            if ((m_proofs.from(s).size() < 2) == vectors)
                split(s, print, index);
        });
    }

private:
    void joined(std::uint32_t t, const Print &print, const DigestIndex &index)
    {
        struct Way { Digests digests; const SequenceIndex *index; bool fromColumns; int dim; };
        const std::size_t rank = m_proofs.to(t).size();
        std::vector<Way> ways = {{print.rows, &index.rows, false, 0}};
        if (rank == 2)
            ways.insert(ways.end(), {{print.columns, &index.columns, true, 1},
                                     {print.rows, &index.columns, true, 0},
                                     {print.columns, &index.rows, false, 1}});
        for (const auto &way : ways) {
            const Tensors parts = way.index->parts(way.digests);
            if (parts.size() < 2 || !m_proofs.allComparable(parts, {t}, m_dtype) || m_proofs.from(parts.front()).size() != rank)
                continue;
            const bool turned = way.fromColumns != (way.dim == 1);
            if (!equalBut(parts, m_proofs.source(), way.fromColumns ? 1 : 0))
                continue;
            Transform transform;
            if (turned)
                transform.push_back(stepOf(Transpose{0, 1}));
            transform.push_back(stepOf(Concat{way.dim}));
            const char *lines = rank < 2 ? "values" : way.dim == 0 ? "rows" : "columns";
            const auto where = rangesOf(parts, m_proofs.source(), way.fromColumns);
            m_proofs.prove(parts, {t}, std::move(transform), m_dtype,
                           "values equal: " + rangesText(where, parts, m_proofs.source(), lines, "from"));
            return;
        }
    }

    void split(std::uint32_t s, const Print &print, const DigestIndex &index)
    {
        struct Way { Digests digests; const SequenceIndex *index; int dim; bool toColumns; };
        const std::size_t rank = m_proofs.from(s).size();
        std::vector<Way> ways = {{print.rows, &index.rows, 0, false}};
        if (rank == 2)
            ways.insert(ways.end(), {{print.columns, &index.columns, 1, true},
                                     {print.rows, &index.columns, 0, true},
                                     {print.columns, &index.rows, 1, false}});
        for (const auto &way : ways) {
            const Tensors parts = way.index->parts(way.digests);
            const bool distinct = std::set<std::uint32_t>(parts.begin(), parts.end()).size() == parts.size();
            if (parts.size() < 2 || !m_proofs.allOpen(parts) || !distinct || !m_proofs.allComparable({s}, parts, m_dtype)
                || m_proofs.to(parts.front()).size() != rank || !equalBut(parts, m_proofs.target(), way.toColumns ? 1 : 0))
                continue;
            const auto where = rangesOf(parts, m_proofs.target(), way.toColumns);
            Transform transform = {stepOf(splitInto(where, way.dim))};
            if (way.toColumns != (way.dim == 1))
                transform.push_back(stepOf(Transpose{0, 1}));
            const char *lines = rank < 2 ? "values" : way.dim == 0 ? "rows" : "columns";
            m_proofs.prove({s}, parts, std::move(transform), m_dtype,
                           "values equal: " + rangesText(where, parts, m_proofs.target(), lines, "are"));
            return;
        }
    }

    Proofs &m_proofs;
    DType m_dtype;
};

} // namespace

void proveJoinedAndSplit(Proofs &proofs, DType dtype, bool vectors)
{
    PartProofs kind(proofs, dtype);
    kind.joined(vectors);
    kind.split(vectors);
}

} // namespace rekey
