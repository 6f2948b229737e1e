// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

namespace rekey {

/// Runtime::convert(): one tensor at a time from source to destination, plain copies in blocks, so that memory depends on the largest
/// transformed tensor only.
ConvertReport convertCheckpoint(const ConvertRequest &request, const Progress &progress);

/// Runtime::convertedTensor().
std::vector<std::byte> convertedTensorBytes(const ConvertRequest &request, std::size_t targetIndex);

} // namespace rekey
