// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/picture.h"

#include "core/base/datafolder.h"

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

// As resources/demo/glyphs.png was drawn (packaging/glyphs.py).
constexpr int cellWidth = 24;
constexpr int cellHeight = 26;
constexpr int baseline = 20;
constexpr std::array<std::string_view, 4> extraCharacters = {"−", "×", "→", "·"};

constexpr double maskOpacity = 0.42;
constexpr int outlineWidth = 2;

const Image &glyphs()
{
    static const Image atlas = loadImage(demoFolder() / "glyphs.png");
    return atlas;
}

/// The cell of the next character of `text`, which is taken off; -1 for one that has no glyph.
int nextGlyph(std::string_view &text)
{
    const auto first = static_cast<unsigned char>(text[0]);
    if (first >= 32 && first < 127) {
        text.remove_prefix(1);
        return first - 32;
    }
    for (std::size_t i = 0; i < extraCharacters.size(); ++i) {
        if (text.starts_with(extraCharacters[i])) {
            text.remove_prefix(extraCharacters[i].size());
            return 95 + static_cast<int>(i);
        }
    }
    text.remove_prefix(1);
    return -1;
}

std::uint8_t coverage(int cell, int x, int y)
{
    const Image &atlas = glyphs();
    return atlas.rgb[3 * static_cast<std::size_t>(y * atlas.width + cell * cellWidth + x)];
}

void blend(Image &image, int x, int y, Rgb colour, double opacity)
{
    if (x < 0 || y < 0 || x >= image.width || y >= image.height)
        return;
    std::uint8_t *pixel
        = &image.rgb[3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x))];
    for (std::size_t c = 0; c < 3; ++c)
        pixel[c] = static_cast<std::uint8_t>(std::lround(pixel[c] * (1 - opacity) + colour[c] * opacity));
}

void fillDisc(Image &image, double x, double y, double radius, Rgb colour)
{
    for (int py = static_cast<int>(y - radius - 1); py <= static_cast<int>(y + radius + 1); ++py) {
        for (int px = static_cast<int>(x - radius - 1); px <= static_cast<int>(x + radius + 1); ++px)
            blend(image, px, py, colour, std::clamp(radius + 0.5 - std::hypot(px + 0.5 - x, py + 0.5 - y), 0.0, 1.0));
    }
}

void paste(Image &image, const Image &part, int x, int y)
{
    for (int row = 0; row < part.height; ++row) {
        const auto *from = &part.rgb[3 * static_cast<std::size_t>(row * part.width)];
        std::copy_n(from, 3 * part.width, &image.rgb[3 * static_cast<std::size_t>((y + row) * image.width + x)]);
    }
}

/// Distance in whole pixels (city block, at most 3) from the mask's edge: 0 on the edge inside.
bool nearOther(const std::vector<std::uint8_t> &mask, int width, int height, int x, int y, int distance)
{
    const auto at = [&](int px, int py) {
        return mask[static_cast<std::size_t>(py) * static_cast<std::size_t>(width) + static_cast<std::size_t>(px)] != 0;
    };
    const bool here = at(x, y);
    for (int dy = -distance; dy <= distance; ++dy) {
        for (int dx = -distance; dx <= distance; ++dx) {
            const int px = x + dx, py = y + dy;
            if (dx * dx + dy * dy <= distance * distance && px >= 0 && py >= 0 && px < width && py < height && at(px, py) != here)
                return true;
        }
    }
    return false;
}

} // namespace

Image blankImage(int width, int height, Rgb colour)
{
    Image image {width, height, std::vector<std::uint8_t>(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height))};
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = colour[i % 3];
    return image;
}

void fillRect(Image &image, double x0, double y0, double x1, double y1, Rgb colour, double opacity)
{
    const auto covered = [](double low, double high, int pixel) {
        return std::clamp(std::min(high, pixel + 1.0) - std::max(low, double(pixel)), 0.0, 1.0);
    };
    for (int y = static_cast<int>(std::floor(y0)); y < static_cast<int>(std::ceil(y1)); ++y) {
        for (int x = static_cast<int>(std::floor(x0)); x < static_cast<int>(std::ceil(x1)); ++x)
            blend(image, x, y, colour, opacity * covered(x0, x1, x) * covered(y0, y1, y));
    }
}

void drawText(Image &image, double x, double y, std::string_view text, Rgb colour)
{
    int left = static_cast<int>(std::lround(x));
    const int top = static_cast<int>(std::lround(y)) - baseline;
    while (!text.empty()) {
        const int cell = nextGlyph(text);
        if (cell < 0)
            continue;
        for (int py = 0; py < cellHeight; ++py) {
            for (int px = py == 0 ? 1 : 0; px < cellWidth; ++px)
                blend(image, left + px - 1, top + py, colour, coverage(cell, px, py) / 255.0);
        }
        left += coverage(cell, 0, 0);
    }
}

int textWidth(std::string_view text)
{
    int width = 0;
    while (!text.empty()) {
        if (const int cell = nextGlyph(text); cell >= 0)
            width += coverage(cell, 0, 0);
    }
    return width;
}

Image overlayMask(const Image &photo, const std::vector<std::uint8_t> &mask)
{
    Image image = photo;
    for (int y = 0; y < image.height; ++y) {
        for (int x = 0; x < image.width; ++x) {
            const bool inside
                = mask[static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x)] != 0;
            if (inside && nearOther(mask, image.width, image.height, x, y, outlineWidth))
                blend(image, x, y, maskColour, 1);
            else if (inside)
                blend(image, x, y, maskColour, maskOpacity);
            else if (nearOther(mask, image.width, image.height, x, y, 1))
                blend(image, x, y, white, 0.8);
        }
    }
    return image;
}

void drawPoint(Image &image, double x, double y, bool foreground)
{
    const Rgb colour = foreground ? Rgb {0x00, 0x66, 0x4A} : Rgb {0xA8, 0x32, 0x1A};
    fillDisc(image, x + 0.5, y + 0.5, 9, white);
    fillDisc(image, x + 0.5, y + 0.5, 7.5, colour);
    fillRect(image, x - 3.5, y - 0.5, x + 4.5, y + 1.5, white);
    if (foreground)
        fillRect(image, x - 0.5, y - 3.5, x + 1.5, y + 4.5, white);
}

void drawBox(Image &image, double x0, double y0, double x1, double y1)
{
    constexpr double dash = 6, width = 2;
    const auto line = [&](double fromX, double fromY, double toX, double toY) {
        const double length = std::max(toX - fromX, toY - fromY);
        for (double at = 0; at < length; at += dash) {
            const double end = std::min(at + dash, length);
            const Rgb colour = static_cast<int>(at / dash) % 2 == 0 ? white : textColour;
            if (toX > fromX)
                fillRect(image, fromX + at, fromY - width / 2, fromX + end, fromY + width / 2, colour);
            else
                fillRect(image, fromX - width / 2, fromY + at, fromX + width / 2, fromY + end, colour);
        }
    };
    line(x0, y0, x1, y0);
    line(x0, y1, x1, y1);
    line(x0, y0, x0, y1);
    line(x1, y0, x1, y1);
}

Image sideBySide(const Image &left, std::string_view leftCaption, const Image &right, std::string_view rightCaption, std::string_view below)
{
    constexpr int margin = 16, header = 40, footer = 44;
    Image sheet = blankImage(3 * margin + left.width + right.width, header + left.height + footer, windowColour);
    const int second = 2 * margin + left.width;
    drawText(sheet, margin, 27, leftCaption, sourceColour);
    drawText(sheet, second, 27, rightCaption, targetColour);
    paste(sheet, left, margin, header);
    paste(sheet, right, second, header);
    drawText(sheet, margin, header + left.height + 28, below, textColour);
    return sheet;
}

void savePicture(const Image &image, const std::filesystem::path &path)
{
    savePng(path, image.width, image.height, 3, image.rgb);
}

} // namespace rekey
