// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/image.h"

#include <array>
#include <cstdint>
#include <vector>

namespace rekey {

/// How a picture becomes a network's input, [1, 3, height, width].
struct ImagePreparation
{
    enum class Fit : std::uint8_t {
        Stretch, ///< to width × height, whatever the picture's proportions
        Pad, ///< the longer side fits, zeros to the right and below after normalising
        Crop, ///< the shorter side fits, the middle is taken
        Keep, ///< the picture's own size; width and height are not used
    };
    int width = 224, height = 224;
    Fit fit = Fit::Stretch;
    double range = 1; ///< pixels are brought from 0..255 to 0..range before mean and deviation
    std::array<double, 3> mean = {0, 0, 0}, deviation = {1, 1, 1};
    bool blueFirst = false; ///< BGR; mean and deviation are in the order of the channels as the network gets them
    bool operator==(const ImagePreparation &) const = default;
};

/// Ready for a network: [3, height, width], row-major.
struct PreparedImage
{
    int width = 0, height = 0;
    std::vector<float> values;
};

/// Resized as Pillow's antialiased bilinear does it on 8-bit pixels, then brought to the range and normalised. Throws Error for sizes that
/// make no sense.
PreparedImage prepareImage(const Image &image, const ImagePreparation &preparation);

} // namespace rekey
