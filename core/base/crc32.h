// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rekey {

/// CRC-32 as zip files use it (IEEE 802.3, reflected). Begin with 0, go on with the result. Uses carry-less
/// multiplication where the processor has it, since weights are many: several times as fast as zlib's.
std::uint32_t crc32(std::uint32_t before, std::span<const std::byte> bytes);

} // namespace rekey
