// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/digestsequence.h"
#include "core/suggest/suggest.h"
#include "core/suggest/valueprints.h"

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace rekey {

using Tensors = std::vector<std::uint32_t>;

inline Step stepOf(BasicStep op, int only = -1) { return Step{std::move(op), only}; }

/// Tensors of one side by their digests in one dtype.
struct DigestIndex
{
    using ByDigest = std::unordered_map<std::uint64_t, Tensors>;
    ByDigest whole, bag;
    SequenceIndex rows, columns;
};

/// What is proven so far, and what is still open. Each kind of proof (proofkinds.h) looks at open tensors and adds pairings.
class Proofs
{
public:
    /// `guesses` only choose among equal tensors. Skipped tensors take no part.
    Proofs(const Schema &source, const Schema &target, const ValuePrints &values, const std::vector<bool> &skipSource,
           const std::vector<bool> &skipTarget, const std::vector<Pairing> &guesses);

    const Schema &source() const { return m_source; }
    const Schema &target() const { return m_target; }
    const ValuePrints &values() const { return m_values; }
    const std::set<DType> &dtypes() const { return m_dtypes; }
    const Shape &from(std::uint32_t s) const { return m_source.tensors[s].shape; }
    const Shape &to(std::uint32_t t) const { return m_target.tensors[t].shape; }

    bool isSkipped(std::uint32_t s) const { return m_skipSource[s]; }
    /// Sources that prove something, or are skipped: they may prove more.
    bool isUsed(std::uint32_t s) const { return m_used[s]; }
    /// Targets that are proven, or skipped.
    bool isDone(std::uint32_t t) const { return m_done[t]; }
    bool allOpen(const Tensors &targets) const;
    /// The only source of this target's guess, or none.
    std::uint32_t guess(std::uint32_t t) const { return m_guess[t]; }

    /// Null where there is none, where it does not tell, and for skipped sources and done targets.
    const Print *sourcePrint(std::uint32_t s, DType dtype) const;
    const Print *targetPrint(std::uint32_t t, DType dtype) const;
    template<typename Visit>
    void eachOpen(DType dtype, const Visit &visit) const
    {
        for (std::uint32_t t = 0; t < m_target.tensors.size(); ++t)
            if (const Print *print = targetPrint(t, dtype))
                visit(t, *print);
    }
    template<typename Visit>
    void eachUnused(DType dtype, const Visit &visit) const
    {
        for (std::uint32_t s = 0; s < m_source.tensors.size(); ++s)
            if (const Print *print = m_used[s] ? nullptr : sourcePrint(s, dtype))
                visit(s, *print);
    }

    DigestIndex indexSources(DType dtype) const;
    DigestIndex indexTargets(DType dtype) const; ///< rows and columns of those that are open

    /// Those that are compared with the target in this dtype.
    Tensors comparable(const DigestIndex::ByDigest &index, std::uint64_t digest, std::uint32_t target, DType dtype) const;
    bool allComparable(const Tensors &sources, const Tensors &targets, DType dtype) const;

    /// `words` say what is equal; where values were rounded to `dtype` for that, so is added.
    void prove(Tensors sources, Tensors targets, Transform transform, DType dtype, std::string words);
    /// The same, with all the words.
    void prove(Tensors sources, Tensors targets, Transform transform, std::string words);

    const std::vector<Pairing> &all() const { return m_proven; }

private:
    const Schema &m_source;
    const Schema &m_target;
    const ValuePrints &m_values;
    std::vector<bool> m_skipSource;
    std::vector<bool> m_done;
    std::vector<bool> m_used;
    Tensors m_guess;
    std::set<DType> m_dtypes; ///< that occur
    std::vector<Pairing> m_proven;
};

/// Where each of some parts lies in the whole that they make up along dimension 0, or along the columns.
std::vector<Block> rangesOf(const Tensors &parts, const Schema &schema, bool byColumns);
/// "rows 0–767 from q_proj.weight, 768–1535 from …"
std::string rangesText(const std::vector<Block> &ranges, const Tensors &tensors, const Schema &schema, const char *lines,
                       const char *relation);
/// All dimensions but one are equal.
bool equalBut(const Tensors &parts, const Schema &schema, std::size_t except);
Split splitInto(const std::vector<Block> &where, int dim);

} // namespace rekey
