// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

namespace rekey {

/// Elements [first, first + count), row-major, of one of a transform's inputs.
struct ElementRun
{
    std::uint32_t input = 0;
    std::uint64_t first = 0, count = 0;
    bool operator==(const ElementRun &) const = default;
};

/// A tensor as runs of others, in order.
struct Rearranged
{
    DType dtype = DType::F32;
    std::vector<ElementRun> runs;
};

/// The outputs of a transform that does no more than move long runs of elements: fused q/k/v taken apart or put together, a stack of
/// experts, heads in another order. Nothing where values change, types differ or the runs would be many: that is better computed.
/// Throws as outputShapes().
std::optional<std::vector<Rearranged>> rearranged(const Transform &transform, const std::vector<TensorShape> &inputs);

} // namespace rekey
