// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/compute.h"

#include <ATen/ATen.h>

namespace rekey {

/// The processor first, then the CUDA devices that this LibTorch can use.
std::vector<ComputeDevice> computeDevices();
/// "cpu", "cuda" (the first) or "cuda:1". Throws Error saying what there is instead.
at::Device deviceOf(const std::string &id);

} // namespace rekey
