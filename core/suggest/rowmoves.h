// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/digestsequence.h"

namespace rekey {

/// Steps that bring the rows of a tensor into another order.
struct RowMoves
{
    Transform steps;
    std::size_t copies = 1;    ///< how often the tensor stands among the sources: once for each block that is cut from it
    std::vector<Block> blocks; ///< where there are several: what is cut from it, in the order of the result
};

/// Blocks of `from` in another order, the rows of each perhaps interleaved (rotary halves and pairs), and all of that
/// before or after q, k and v are taken apart or mixed per head. Nothing where `from` and `to` do not differ like that.
std::optional<RowMoves> rowMoves(Digests from, Digests to, int dim);

/// Rows as [count, parts, rest] that lie as [parts, count, rest] when they are taken apart: for each way in which
/// `rows` can be parted, few parts first, calls visit(Interleave that takes apart). Stops when visit returns true.
template<typename Visit>
bool eachWeave(std::size_t rows, int dim, const Visit &visit)
{
    for (const std::size_t parts : {3U, 2U})
        for (std::size_t count = 2; rows % parts == 0 && count <= rows / parts; ++count)
            if (rows / parts % count == 0
                && visit(Interleave{dim, 1, static_cast<std::int64_t>(count), static_cast<std::int64_t>(parts)}))
                return true;
    return false;
}

/// What an Interleave makes of these rows.
std::vector<std::uint64_t> woven(Digests rows, const Interleave &weave);
inline Interleave backwards(const Interleave &weave) { return {weave.dim, weave.outer, weave.b, weave.a}; }

} // namespace rekey
