// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rekey {

/// Largest value at any earlier position, with the index that gave it (a Fenwick tree of maxima). Values are positive.
class PrefixMaximum
{
public:
    explicit PrefixMaximum(std::size_t size) : m_best(size + 1, {0.0F, 0xFFFFFFFF}) {}
    std::pair<float, std::uint32_t> before(std::size_t position) const
    {
        std::pair<float, std::uint32_t> best{0.0F, 0xFFFFFFFF};
        for (std::size_t i = position; i > 0; i -= i & (~i + 1))
            if (m_best[i].first > best.first)
                best = m_best[i];
        return best;
    }
    void raise(std::size_t position, float value, std::uint32_t index)
    {
        for (std::size_t i = position + 1; i < m_best.size(); i += i & (~i + 1))
            if (value > m_best[i].first)
                m_best[i] = {value, index};
    }

private:
    std::vector<std::pair<float, std::uint32_t>> m_best;
};

} // namespace rekey
