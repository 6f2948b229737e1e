// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include <fmt/format.h>

namespace rekey {

namespace {

/// Where a part lies in a vector whose other values are zeros.
struct Stretch
{
    std::uint32_t tensor = 0;
    Block where;
};

/// "values 0–767 from q_bias, 1536–2303 from v_bias, zeros elsewhere"
std::string piecesText(const std::vector<Stretch> &pieces, const Schema &schema, const char *relation)
{
    std::string text = "values ";
    for (const auto &piece : pieces)
        text += fmt::format("{}–{} {} {}, ", piece.where.start, piece.where.end - 1, relation, schema.tensors[piece.tensor].key);
    return text + "zeros elsewhere";
}

/// Whole vectors of the index that follow each other with zeros before, between or after them.
std::vector<Stretch> piecesOf(Digests values, const SequenceIndex &index, std::uint64_t zero)
{
    std::vector<Stretch> pieces;
    std::size_t covered = 0;
    for (const auto &[id, start, length] : index.cover(values, zero)) {
        pieces.push_back({id, {static_cast<std::int64_t>(start), static_cast<std::int64_t>(start + length)}});
        covered += length;
    }
    return covered < values.size() ? pieces : std::vector<Stretch>(); // without zeros they are joined or equal
}

class ZeroProofs
{
public:
    ZeroProofs(Proofs &proofs, DType dtype) : m_proofs(proofs), m_dtype(dtype), m_zero(elementDigest(0, dtype)) {}

    void padded()
    {
        SequenceIndex index;
        for (std::uint32_t s = 0; s < m_proofs.source().tensors.size(); ++s)
            if (const Print *print = m_proofs.sourcePrint(s, m_dtype); print != nullptr && m_proofs.from(s).size() == 1)
                index.add(s, print->rows);
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if (m_proofs.to(t).size() == 1)
                pad(t, piecesOf(print.rows, index, m_zero));
        });
    }

    void cut()
    {
        SequenceIndex index;
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if (m_proofs.to(t).size() == 1)
                index.add(t, print.rows);
        });
        m_proofs.eachUnused(m_dtype, [&](std::uint32_t s, const Print &print) {
            if (m_proofs.from(s).size() == 1)
                cut(s, piecesOf(print.rows, index, m_zero));
        });
    }

private:
    void pad(std::uint32_t t, const std::vector<Stretch> &pieces)
    {
        Tensors parts;
        for (const auto &piece : pieces)
            parts.push_back(piece.tensor);
        if (parts.empty() || !m_proofs.allComparable(parts, {t}, m_dtype))
            return;
        Transform transform;
        std::int64_t at = 0;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            const bool isLast = i + 1 == pieces.size();
            const Pad pad{0, pieces[i].where.start - at, isLast ? m_proofs.to(t)[0] - pieces[i].where.end : 0, 0};
            if (pad.before > 0 || pad.after > 0)
                transform.push_back(stepOf(pad, pieces.size() == 1 ? -1 : static_cast<int>(i)));
            at = pieces[i].where.end;
        }
        if (pieces.size() > 1)
            transform.push_back(stepOf(Concat{0}));
        m_proofs.prove(parts, {t}, std::move(transform), m_dtype, "values equal: " + piecesText(pieces, m_proofs.source(), "from"));
    }

    void cut(std::uint32_t s, const std::vector<Stretch> &pieces)
    {
        for (const auto &piece : pieces)
            if (m_proofs.isDone(piece.tensor) || !m_proofs.allComparable({s}, {piece.tensor}, m_dtype))
                return;
        for (const auto &piece : pieces)
            m_proofs.prove({s}, {piece.tensor}, {stepOf(Slice{0, piece.where.start, piece.where.end, 1})}, m_dtype,
                           "values equal: " + piecesText(pieces, m_proofs.target(), "are"));
    }

    Proofs &m_proofs;
    DType m_dtype;
    std::uint64_t m_zero;
};

} // namespace

void proveWithZeros(Proofs &proofs, DType dtype)
{
    ZeroProofs kind(proofs, dtype);
    kind.padded();
    kind.cut();
}

} // namespace rekey
