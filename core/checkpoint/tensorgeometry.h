// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <string>

namespace rekey {

/// Whether a view with the entry's shape, strides and offset lies within a storage of `available` bytes; throws
/// Error(file, part, …) where it does not. Every step is overflow-checked.
void checkGeometry(const std::string &file, const std::string &part, const TensorEntry &entry, std::uint64_t available);

} // namespace rekey
