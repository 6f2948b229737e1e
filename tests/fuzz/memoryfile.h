// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

/// The fuzzers' MappedFile has one file, named "input", and holds it in memory: no system call for an execution, and the
/// first byte read behind its end is an error of AddressSanitizer, where a mapped page would go on.
void setInput(std::span<const std::byte> bytes);
