// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>

namespace rekey::sam {

/// Takes intermediate results under the names of the module that made them: "encoder.blocks.3.attn". May be empty.
using Trace = std::function<void(const std::string &name, const at::Tensor &value)>;

inline void record(const Trace &trace, const std::string &name, const at::Tensor &value)
{
    if (trace)
        trace(name, value);
}

} // namespace rekey::sam
