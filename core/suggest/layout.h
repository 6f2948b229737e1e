// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

#include <optional>
#include <vector>

namespace rekey {

/// One way in which a tensor's elements may have been laid out differently.
struct Layout
{
    Transform transform;    ///< from source to target; empty: copy
    bool transposed = false; ///< input and output dimension change places
    double cost = 0;        ///< 0 for a copy; larger is less usual
    bool guess = false;     ///< another order of elements is as possible
};

/// Every usual layout change from one shape to the other, the most usual first: copy, dimensions of one added or
/// removed, linear transposed, convolution kernels between "spatial, in, out" and "out, in, spatial", attention
/// heads joined or parted. Empty when nothing usual leads from one to the other.
std::vector<Layout> layouts(const Shape &source, const Shape &target);

/// Cost of the best layout; nothing when there is none. Cheap: no transform is built.
std::optional<double> layoutCost(const Shape &source, const Shape &target);

} // namespace rekey
