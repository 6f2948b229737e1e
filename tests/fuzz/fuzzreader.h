// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpointformats.h"

#include <cstddef>
#include <cstdint>

/// Hands the bytes to one reader as if they were a file, and looks at everything that it lists. An Error is an answer;
/// whatever else happens is a find.
int fuzzReader(const std::uint8_t *data, std::size_t size, void (*read)(const rekey::Probe &, rekey::CheckpointContent &));
