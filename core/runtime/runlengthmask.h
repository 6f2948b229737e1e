// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rekey {

/// A binary mask as COCO counts it: lengths of runs along columns, top to bottom and left to right, background first (0 when the first
/// pixel is foreground). Some hundred bytes instead of a byte a pixel.
struct RunLengthMask
{
    int width = 0, height = 0;
    std::vector<std::uint32_t> counts;

    std::uint64_t area() const;
    bool operator==(const RunLengthMask &) const = default;
};

/// Smallest rectangle with all foreground pixels; zeros for an empty mask.
struct MaskBounds
{
    int x = 0, y = 0, width = 0, height = 0;
    bool operator==(const MaskBounds &) const = default;
};

/// From and to one byte a pixel, row by row; not 0 is foreground, 1 comes back. Throws Error when the sizes do not fit.
RunLengthMask encodeMask(const std::vector<std::uint8_t> &pixels, int width, int height);
std::vector<std::uint8_t> decodeMask(const RunLengthMask &mask);
MaskBounds boundsOf(const RunLengthMask &mask);

/// COCO's compressed "counts" string (as pycocotools writes it): each count as its difference to the one before the last, in groups of five
/// bits from '0' on.
std::string cocoCounts(const RunLengthMask &mask);
/// The inverse. Throws Error for text that is none, or does not fill width × height.
RunLengthMask fromCocoCounts(const std::string &counts, int width, int height);

} // namespace rekey
