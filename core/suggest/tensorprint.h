// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace rekey {

/// 64-bit digests of a tensor's values, rounded to one dtype. Equal digests of thousands of values mean equal values
/// for all practical purposes; nothing here guards against somebody who builds collisions.
///
/// Every value becomes a pseudo-random 64-bit number m. A bag is the sum of m, whatever the order; an ordered digest
/// also holds the sum of m times the position. Sums let one pass give rows, columns and the whole at once.
struct Print
{
    std::uint64_t bag = 0;                ///< of all values, in any order
    std::uint64_t whole = 0;              ///< in row-major order, whatever the shape
    std::vector<std::uint64_t> rows;      ///< ordered: one for each index of dimension 0 (of vectors: each value)
    std::vector<std::uint64_t> columns;   ///< ordered: one for each element of a row; empty for vectors
    std::vector<std::uint64_t> last;      ///< ordered: one for each index of the last dimension; where that is no column
    std::vector<std::vector<std::uint64_t>> axes; ///< bags: by dimension, one for each index; empty for vectors
    bool telling = false;                 ///< at least three different values that do not just count up or down

    std::uint64_t bytes() const;
};

struct TensorPrints
{
    std::map<DType, Print> byDtype;
    /// As they are: all values of vectors (a matrix of one column is one), unless they are very long; of others the first few.
    std::vector<float> first;
};

/// Whether values of a tensor can be read as numbers.
bool hasNumbers(const TensorEntry &entry);

/// Significant bits: what is coarser.
int precision(DType dtype);

/// The coarsest of F16 and BF16 that the first values of a tensor fit in without loss; its own dtype otherwise.
/// A checkpoint that was trained in half precision and saved in single is compared as what it is.
DType effectiveDtype(const Checkpoint &checkpoint, std::size_t tensor);

/// The digest that a vector's element has in Print::rows.
std::uint64_t elementDigest(float value, DType dtype);

/// Reads a tensor once and makes its prints, rounded to each of the dtypes. `read` counts bytes.
TensorPrints printTensor(const Checkpoint &checkpoint, std::size_t tensor, const std::set<DType> &dtypes,
                                   const Progress &progress, std::atomic<std::uint64_t> &read);

} // namespace rekey
