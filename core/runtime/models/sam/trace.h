// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>

namespace rekey::sam {

/// Takes intermediate results under the names of the module that made them, "encoder.blocks.3.attn", and gives back the values to go on
/// with: the same, or others put in their place, of the same shape and type. May be empty.
using Trace = std::function<at::Tensor(const std::string &name, const at::Tensor &value)>;

/// Every layer's result goes through here, and what follows is computed from what comes back: so a layer can be fed any input.
[[nodiscard]] inline at::Tensor traced(const Trace &trace, const std::string &name, const at::Tensor &value)
{
    return trace ? trace(name, value) : value;
}

} // namespace rekey::sam
