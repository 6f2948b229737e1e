// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/image.h"

#include <QColor>
#include <QImage>
#include <QPainterPath>

#include <cstdint>
#include <vector>

namespace rekey::ui {

/// A copy that Qt can paint.
QImage qImage(const Image &image);

/// A mask ready to paint, made off the GUI thread. In pixels of the picture.
struct MaskPicture
{
    QImage area; ///< Format_Indexed8: 0 outside, 1 inside
    QPainterPath outline; ///< along the pixels' edges, corners cut
    bool isEmpty() const { return outline.isEmpty(); }
};

/// `pixels`: 0 or 1, width * height.
MaskPicture maskPicture(const std::vector<std::uint8_t> &pixels, int width, int height);

/// Premultiplied, `colour` where the mask is, nothing elsewhere.
QImage tinted(const MaskPicture &mask, const QColor &colour);

/// Where only the first, and where only the second mask is, as masks.
struct MaskDifference
{
    MaskPicture onlyFirst, onlySecond;
};
MaskDifference maskDifference(const std::vector<std::uint8_t> &first, const std::vector<std::uint8_t> &second, int width, int height);

/// A small copy of a picture with a mask over it; the mask is in pixels of the picture in its full `size`.
QImage thumbnail(const QImage &small, const QSize &size, const MaskPicture &mask, const QColor &colour);

} // namespace rekey::ui
