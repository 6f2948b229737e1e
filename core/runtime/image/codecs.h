// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/image.h"

#include <cstddef>
#include <span>
#include <string>

namespace rekey::image {

/// What a picture file holds, before its EXIF orientation is applied.
struct Decoded
{
    Image image;
    int orientation = 1; ///< EXIF tag 0x0112: 1 (upright) to 8
};

// Both throw Error naming `file`.
Decoded decodeJpeg(std::span<const std::byte> bytes, const std::string &file);
Decoded decodePng(std::span<const std::byte> bytes, const std::string &file);

/// The orientation in a TIFF structure (EXIF without its "Exif\0\0" header); 1 when it says nothing sensible.
int exifOrientation(std::span<const std::byte> tiff);

/// The picture as it is meant to be seen.
Image upright(Image image, int orientation);

/// Throws Error unless 1 ≤ width × height ≤ the limit: a small file can claim a picture that fills any memory.
void checkSize(std::uint64_t width, std::uint64_t height, const std::string &file);

} // namespace rekey::image
