// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

namespace rekey {

/// Runtime::convert(): one tensor at a time from source to destination, plain copies in blocks, so that memory depends on the largest
/// transformed tensor only.
ConvertReport convertCheckpoint(const ConvertRequest &request, const Progress &progress);

/// Runtime::convertedTensor() and Runtime::convertTensors().
std::vector<std::byte> convertedTensorBytes(const ConvertRequest &request, std::size_t targetIndex);
void convertTensorsBytes(const ConvertRequest &request, std::span<const std::size_t> targets, const ConvertedSink &sink,
                         const Progress &progress);

} // namespace rekey
