// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace rekey {

/// 8-bit RGB, row-major, no padding between rows.
struct Image
{
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;
};

/// JPEG (libjpeg-turbo) or PNG (libpng) by content, the pixels that Pillow's convert("RGB") gives after exif_transpose; only
/// 16-bit grey differs: its upper 8 bits, as for 16-bit colour, where Pillow clips at 255.
/// Throws Error naming the file and what it is instead.
Image loadImage(const std::filesystem::path &path);

/// Pillow's antialiased bilinear resize on uint8 (Image.resize with BILINEAR): the same bytes.
Image resizeBilinear(const Image &image, int width, int height);

/// 8-bit RGB or grey (channels 3 or 1) as PNG, written beside and renamed.
void savePng(const std::filesystem::path &path, int width, int height, int channels, const std::vector<std::uint8_t> &pixels);

} // namespace rekey
