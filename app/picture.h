// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/image.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

// What the command line draws without Qt. Colours are the window's (light theme); coordinates are pixels.

namespace rekey {

using Rgb = std::array<std::uint8_t, 3>;

inline constexpr Rgb sourceColour = {0x0A, 0x6E, 0xBD};
inline constexpr Rgb targetColour = {0xAD, 0x4F, 0x00};
inline constexpr Rgb maskColour = {0x1F, 0x6F, 0xD7};
inline constexpr Rgb textColour = {0x1C, 0x20, 0x26};
inline constexpr Rgb quietColour = {0x5F, 0x66, 0x72};
inline constexpr Rgb lineColour = {0x86, 0x8D, 0x98};
inline constexpr Rgb gridColour = {0xE6, 0xE8, 0xEC};
inline constexpr Rgb windowColour = {0xF2, 0xF3, 0xF5};
inline constexpr Rgb white = {0xFF, 0xFF, 0xFF};

Image blankImage(int width, int height, Rgb colour);
/// Edges between pixels are smoothed by how much of a pixel is covered.
void fillRect(Image &image, double x0, double y0, double x1, double y1, Rgb colour, double opacity = 1);

/// Text of the demo's glyphs.png, 18 px Inter; `y` is the baseline. Other characters are left out.
void drawText(Image &image, double x, double y, std::string_view text, Rgb colour);
int textWidth(std::string_view text);

/// The photo with a mask (0 or 1 a pixel) filled at 42 %, and an outline with a white halo.
Image overlayMask(const Image &photo, const std::vector<std::uint8_t> &mask);
void drawPoint(Image &image, double x, double y, bool foreground);
void drawBox(Image &image, double x0, double y0, double x1, double y1);

/// Two pictures of equal size side by side, each below its caption (in the source's and the target's colour), and a line
/// of text below both.
Image sideBySide(const Image &left, std::string_view leftCaption, const Image &right, std::string_view rightCaption,
                 std::string_view below);

void savePicture(const Image &image, const std::filesystem::path &path);

} // namespace rekey
