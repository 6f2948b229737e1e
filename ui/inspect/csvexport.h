// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace rekey::ui {

/// "a,b" quoted as RFC 4180 says. A text that a spreadsheet would run as a formula is quoted with a leading apostrophe.
std::string csvField(std::string_view text);

/// One line a tensor: key, shape, dtype, values, bytes, minimum, maximum, mean, standard deviation, zeros, NaN, infinite.
/// Reads the values. Written beside and renamed; throws Error.
void writeStatisticsCsv(const Checkpoint &checkpoint, std::span<const std::uint32_t> tensors, const std::filesystem::path &path,
                        const Progress &progress = {});

} // namespace rekey::ui
