// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"
#include "core/suggest/tensorprint.h"

#include <map>
#include <vector>

namespace rekey {

/// Some rows (or columns) of a tensor; all of it when `part.index` is -1.
struct Piece
{
    std::uint32_t tensor = 0;
    Part part;
};

/// Prints of both sides: each tensor is read once, by as many threads as the machine has.
class ValuePrints
{
public:
    /// Tensors that cannot be read stay without prints: their values are no evidence.
    ValuePrints(const Checkpoint &source, const Checkpoint &target, const Progress &progress);

    enum class Verdict : std::uint8_t {
        Unknown,   ///< constant values say nothing
        Different,
        Same,      ///< the same values, rows or columns perhaps in another order
    };
    Verdict compare(const Piece &source, const Piece &target) const;

    /// The coarser of the two tensors' dtypes, in which they are compared.
    DType common(std::uint32_t source, std::uint32_t target) const;
    DType sourceDtype(std::uint32_t tensor) const { return m_sourceDtypes[tensor]; }
    DType targetDtype(std::uint32_t tensor) const { return m_targetDtypes[tensor]; }
    /// Null when there is none.
    const Print *source(std::uint32_t tensor, DType dtype) const;
    const Print *target(std::uint32_t tensor, DType dtype) const;
    /// TensorPrints::first; empty when there is none.
    const std::vector<float> &firstOfSource(std::uint32_t tensor) const { return m_source[tensor].first; }
    const std::vector<float> &firstOfTarget(std::uint32_t tensor) const { return m_target[tensor].first; }

    std::uint64_t bytesRead() const { return m_read; }
    std::uint64_t bytesHeld() const;

private:
    std::vector<DType> m_sourceDtypes, m_targetDtypes; ///< effective ones
    std::atomic<std::uint64_t> m_read = 0;
    std::vector<TensorPrints> m_source, m_target;
};

} // namespace rekey
