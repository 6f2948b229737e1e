// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "core/mapping/transform.h"
#include "core/suggest/atoms.h"

#include <map>
#include <optional>
#include <vector>

namespace rekey {

/// 64-bit digests of a tensor's values, rounded to one dtype. Equal digests of thousands of values mean equal values
/// for all practical purposes; nothing here guards against somebody who builds collisions.
struct Print
{
    std::uint64_t bag = 0;                ///< of all values, in any order
    std::uint64_t whole = 0;              ///< in row-major order
    std::vector<std::uint64_t> rows;      ///< one for each index of dimension 0
    std::vector<std::uint64_t> columns;   ///< of matrices: one for each column
    bool telling = false;                 ///< not all values are the same; a single one is neither 0 nor 1
};

/// Some rows (or columns) of a tensor; all of it when `part.index` is -1.
struct Piece
{
    std::uint32_t tensor = 0;
    Part part;
};

/// Prints of both sides: each tensor is read once.
class ValuePrints
{
public:
    ValuePrints(const Checkpoint &source, const Checkpoint &target, const Progress &progress);

    enum class Verdict : std::uint8_t {
        Unknown,   ///< constant values say nothing
        Different,
        Same,      ///< the same values, rows or columns perhaps in another order
    };
    Verdict compare(const Piece &source, const Piece &target) const;
    /// Every value at its place.
    bool equal(const Piece &source, const Piece &target) const;
    bool equalTransposed(const Piece &source, const Piece &target) const;

    /// What brings the sources' rows, joined in this order, into the target's order: nothing to do, one Interleave, or
    /// none that is known.
    std::optional<Transform> rowOrder(const std::vector<Piece> &sources, const Piece &target) const;
    /// In which order equal blocks of the source's rows follow in the target: {2, 0, 1}. Empty when they do not.
    std::vector<int> blockOrder(std::uint32_t source, std::uint32_t target) const;

private:
    const Print *source(std::uint32_t tensor, DType dtype) const;
    const Print *target(std::uint32_t tensor, DType dtype) const;
    /// The coarser of the two tensors' dtypes, in which they are compared.
    DType common(std::uint32_t source, std::uint32_t target) const;

    const Checkpoint &m_sourceFile;
    const Checkpoint &m_targetFile;
    std::vector<std::map<DType, Print>> m_source, m_target;
};

} // namespace rekey
