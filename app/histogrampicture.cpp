// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/histogrampicture.h"

#include "app/picture.h"
#include "app/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

constexpr double width = 960, height = 420;
constexpr double left = 84, right = width - 24, top = 84, bottom = height - 44;

/// 1, 2 or 5 times a power of ten: about `wanted` of it fill the range.
double tickStep(double range, double wanted)
{
    const double rough = range / wanted;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (rough <= factor * power)
            return factor * power;
    }
    return 10 * power;
}

/// "−0.2": as many decimals as the step needs, and a real minus sign.
std::string tickText(double value, double step)
{
    const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
    const double shown = std::abs(value) < step / 2 ? 0 : value;
    const std::string digits = decimals > 6 ? fmt::format("{:.1e}", std::abs(shown)) : fmt::format("{:.{}f}", std::abs(shown), decimals);
    return (shown < 0 ? "−" : "") + digits;
}

class Plot
{
public:
    Plot(const Histogram &source, const Histogram &target)
        : m_lower(source.lower)
        , m_upper(source.upper)
        , m_image(blankImage(static_cast<int>(width), static_cast<int>(height), white))
    {
        const std::uint64_t most = std::max(*std::ranges::max_element(source.counts), *std::ranges::max_element(target.counts));
        m_most = static_cast<double>(std::max<std::uint64_t>(most, 1)) * 1.05;
    }

    double x(double value) const { return left + (value - m_lower) / (m_upper - m_lower) * (right - left); }
    double y(double count) const { return bottom - count / m_most * (bottom - top); }

    void drawAxes()
    {
        const double countStep = std::max(1.0, tickStep(m_most, 4));
        for (double count = 0; count <= m_most; count += countStep) {
            fillRect(m_image, left, y(count) - 0.5, right, y(count) + 0.5, gridColour);
            const std::string label = countText(static_cast<std::uint64_t>(count));
            drawText(m_image, left - 10 - textWidth(label), y(count) + 6, label, quietColour);
        }
        const double step = tickStep(m_upper - m_lower, 8);
        for (double value = std::ceil(m_lower / step) * step; value <= m_upper + step * 1e-6; value += step) {
            fillRect(m_image, x(value) - 0.5, bottom, x(value) + 0.5, bottom + 6, lineColour);
            const std::string label = tickText(value, step);
            drawText(m_image, x(value) - textWidth(label) / 2.0, bottom + 28, label, quietColour);
        }
    }

    void drawFilled(const Histogram &h, Rgb colour)
    {
        for (std::size_t i = 0; i < h.counts.size(); ++i)
            fillRect(m_image, std::round(edge(h, i)), y(static_cast<double>(h.counts[i])), std::round(edge(h, i + 1)), bottom, colour, 0.2);
        drawSteps(h, colour, 1.5);
    }

    void drawSteps(const Histogram &h, Rgb colour, double stroke)
    {
        double before = bottom;
        for (std::size_t i = 0; i <= h.counts.size(); ++i) {
            const double now = i < h.counts.size() ? y(static_cast<double>(h.counts[i])) : bottom;
            fillRect(m_image, edge(h, i) - stroke / 2, std::min(before, now) - stroke / 2, edge(h, i) + stroke / 2,
                     std::max(before, now) + stroke / 2, colour);
            if (i < h.counts.size())
                fillRect(m_image, edge(h, i) + stroke / 2, now - stroke / 2, edge(h, i + 1) - stroke / 2, now + stroke / 2, colour);
            before = now;
        }
    }

    Image finish()
    {
        fillRect(m_image, left, bottom - 0.5, right, bottom + 0.5, lineColour);
        return std::move(m_image);
    }

    Image &image() { return m_image; }

private:
    double edge(const Histogram &h, std::size_t bin) const { return x(h.lower + h.binWidth() * static_cast<double>(bin)); }

    double m_lower, m_upper, m_most = 1;
    Image m_image;
};

} // namespace

Image histogramPicture(std::string_view sourceName, const Histogram &source, std::string_view targetName, const Histogram &target)
{
    Plot plot(source, target);
    plot.drawAxes();
    plot.drawFilled(source, sourceColour);
    plot.drawSteps(target, targetColour, 2);
    Image &image = plot.image();
    fillRect(image, left, 20, left + 16, 36, sourceColour, 0.2);
    fillRect(image, left, 20, left + 16, 21.5, sourceColour);
    drawText(image, left + 26, 35, fmt::format("Source  {}", sourceName), textColour);
    fillRect(image, left, 55, left + 16, 57, targetColour);
    drawText(image, left + 26, 63, fmt::format("Target  {}", targetName), textColour);
    return plot.finish();
}

} // namespace rekey
