// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/maskenlarger.h"

#include <algorithm>
#include <array>

namespace rekey::sam {

/// `wanted` first ones of the `to` pixels that `from` become.
MaskEnlarger::Axis::Axis(int from, int to, int wanted)
{
    const float scale = static_cast<float>(from) / static_cast<float>(to);
    for (int i = 0; i < wanted; ++i) {
        const float at = std::max(scale * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
        const int below = std::min(static_cast<int>(at), from - 1);
        first.push_back(below);
        second.push_back(std::min(below + 1, from - 1));
        share.push_back(std::clamp(at - static_cast<float>(below), 0.0F, 1.0F));
    }
}

/// Rows of the model's input size, made when they are asked for; the last two are kept.
class MaskEnlarger::Rows
{
public:
    Rows(const MaskEnlarger &enlarger, const float *logits)
        : m_enlarger(enlarger)
        , m_logits(logits)
    {
        for (std::vector<float> &row : m_rows)
            row.resize(static_cast<std::size_t>(enlarger.m_inputX.size()));
    }

    const float *row(int y)
    {
        const auto slot = static_cast<std::size_t>(y % 2); // neighbours never share one
        if (m_held[slot] != y) {
            mix(y, m_rows[slot].data());
            m_held[slot] = y;
        }
        return m_rows[slot].data();
    }

private:
    void mix(int y, float *to) const
    {
        const Axis &rows = m_enlarger.m_inputY, &columns = m_enlarger.m_inputX;
        const auto at = static_cast<std::size_t>(y);
        const float *upper = m_logits + rows.first[at] * m_enlarger.m_side, *lower = m_logits + rows.second[at] * m_enlarger.m_side;
        const float down = rows.share[at], up = 1 - down;
        for (std::size_t x = 0; x < columns.first.size(); ++x) {
            const int a = columns.first[x], b = columns.second[x];
            const float right = columns.share[x], left = 1 - right;
            to[x] = up * (left * upper[a] + right * upper[b]) + down * (left * lower[a] + right * lower[b]);
        }
    }

    const MaskEnlarger &m_enlarger;
    const float *m_logits;
    std::array<std::vector<float>, 2> m_rows;
    std::array<int, 2> m_held = {-1, -1};
};

MaskEnlarger::MaskEnlarger(int side, int inputSize, int resizedWidth, int resizedHeight, int width, int height)
    : m_side(side)
    , m_twice(resizedWidth != width || resizedHeight != height)
    , m_inputX(side, inputSize, resizedWidth)
    , m_inputY(side, inputSize, resizedHeight)
    , m_x(resizedWidth, width, width)
    , m_y(resizedHeight, height, height)
{
}

EnlargedMask MaskEnlarger::enlarge(const float *logits, float offset) const
{
    Rows rows(*this, logits);
    EnlargedMask mask;
    mask.pixels.resize(static_cast<std::size_t>(m_x.size()) * static_cast<std::size_t>(m_y.size()));
    std::vector<float> mixed(static_cast<std::size_t>(m_inputX.size())), line(static_cast<std::size_t>(m_x.size()));
    for (int y = 0; y < m_y.size(); ++y) {
        const float *values = nullptr;
        if (m_twice) {
            const auto at = static_cast<std::size_t>(y);
            const float *upper = rows.row(m_y.first[at]), *lower = rows.row(m_y.second[at]);
            const float down = m_y.share[at], up = 1 - down;
            for (std::size_t x = 0; x < mixed.size(); ++x)
                mixed[x] = up * upper[x] + down * lower[x];
            for (std::size_t x = 0; x < line.size(); ++x)
                line[x] = (1 - m_x.share[x]) * mixed[static_cast<std::size_t>(m_x.first[x])]
                          + m_x.share[x] * mixed[static_cast<std::size_t>(m_x.second[x])];
            values = line.data();
        } else {
            values = rows.row(y);
        }
        std::uint8_t *pixels = mask.pixels.data() + static_cast<std::size_t>(y) * line.size();
        std::uint32_t inside = 0, above = 0, notBelow = 0;
        for (std::size_t x = 0; x < line.size(); ++x) {
            pixels[x] = values[x] > 0 ? 1 : 0;
            inside += values[x] > 0 ? 1U : 0U;
            above += values[x] > offset ? 1U : 0U;
            notBelow += values[x] > -offset ? 1U : 0U;
        }
        mask.area += inside;
        mask.above += above;
        mask.notBelow += notBelow;
    }
    return mask;
}

} // namespace rekey::sam
