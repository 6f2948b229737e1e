// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/compute.h"
#include "core/runtime/tiles.h"

#include <ATen/ATen.h>

#include <optional>

namespace rekey {

/// Matrix products of an encoder's shape in each precision, timed; remembered by device. Thread-safe.
std::vector<PrecisionOffer> precisionOffers(const at::Device &device);

/// What multiplies in a precision on the processor; nothing: LibTorch's operators. For bf16 that is what a first call measures to be the
/// fastest of all that the processor has; for the rest of the process it stays so. Thread-safe. Throws Error for F16 where the processor
/// has no arithmetic for it.
std::optional<tiles::Factors> tileFactors(Precision precision);

} // namespace rekey
