// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/compute.h"

#include <string>

namespace rekey {

/// "fp32", "bf16" or "fp16", as --dtype gives it. Throws UsageError.
Precision precisionOf(const std::string &text);

} // namespace rekey
