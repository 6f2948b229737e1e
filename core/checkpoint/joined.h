// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <span>

namespace rekey {

/// Several checkpoints as one: all their keys below their chosen roots, in the given order, with values read from where
/// they lie. For a target that takes its weights from more than one source. Throws Error naming the key and both files
/// when two of them share one. A single checkpoint is returned as it is.
CheckpointPtr joinCheckpoints(std::span<const CheckpointPtr> parts);

} // namespace rekey
