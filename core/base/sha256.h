// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rekey {

/// SHA-256 (FIPS 180-4). Our own because the reader library links nothing that could load code or open sockets, and
/// every crypto library does.
class Sha256
{
public:
    void add(std::span<const std::byte> bytes);
    void add(std::string_view text) { add(std::as_bytes(std::span(text))); }
    /// Lower-case hex; ends the computation.
    std::string hex();

private:
    void block(const std::byte *bytes);
    std::array<std::uint32_t, 8> m_state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, 64> m_pending{};
    std::uint64_t m_length = 0;
};

} // namespace rekey
