// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/statistics.h"
#include "core/runtime/image.h"

#include <string_view>

namespace rekey {

/// Filled steps of the source below an outline of the target, with axes; both have the same range and bins. 960×420.
Image histogramPicture(std::string_view sourceName, const Histogram &source, std::string_view targetName, const Histogram &target);

} // namespace rekey
