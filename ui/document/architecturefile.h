// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/mapping/architectures.h"

namespace rekey::ui {

/// The schema of an architecture's example as a checkpoint without values. For a worker thread. Throws Error.
CheckpointPtr openExample(const Architecture::Example &example);

} // namespace rekey::ui
