// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/preparation.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

constexpr int largestSide = 16384;

/// The resized picture, and where its upper left corner comes to lie in the input: negative where it is cut.
struct Placed
{
    Image image;
    int left = 0, top = 0;
};

Placed placed(const Image &image, const ImagePreparation &preparation)
{
    const double across = static_cast<double>(preparation.width) / image.width,
                 down = static_cast<double>(preparation.height) / image.height;
    const auto scaled = [&](double scale) {
        const auto side = [&](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
        return resizeBilinear(image, side(image.width), side(image.height));
    };
    switch (preparation.fit) {
    case ImagePreparation::Fit::Keep: return {image};
    case ImagePreparation::Fit::Stretch: return {resizeBilinear(image, preparation.width, preparation.height)};
    case ImagePreparation::Fit::Pad: return {scaled(std::min(across, down))};
    case ImagePreparation::Fit::Crop: break;
    }
    Placed result {scaled(std::max(across, down))};
    result.left = -(result.image.width - preparation.width) / 2;
    result.top = -(result.image.height - preparation.height) / 2;
    return result;
}

void check(const Image &image, const ImagePreparation &preparation)
{
    if (image.width <= 0 || image.height <= 0)
        throw Error({}, {}, "there is no picture to run the module on");
    const bool sized = preparation.fit != ImagePreparation::Fit::Keep;
    if (sized && (std::min(preparation.width, preparation.height) < 1 || std::max(preparation.width, preparation.height) > largestSide))
        throw Error(
            {}, {},
            fmt::format("an input of {}×{} pixels makes no sense; 1 to {} can be had", preparation.width, preparation.height, largestSide));
    const auto zero = [](double deviation) { return !std::isfinite(deviation) || deviation == 0; };
    if (std::ranges::any_of(preparation.deviation, zero))
        throw Error({}, {}, "a deviation of 0 cannot divide pixels");
}

} // namespace

PreparedImage prepareImage(const Image &image, const ImagePreparation &preparation)
{
    check(image, preparation);
    const Placed source = placed(image, preparation);
    const bool keep = preparation.fit == ImagePreparation::Fit::Keep;
    PreparedImage result;
    result.width = keep ? image.width : preparation.width;
    result.height = keep ? image.height : preparation.height;
    const std::size_t plane = static_cast<std::size_t>(result.width) * static_cast<std::size_t>(result.height);
    result.values.assign(3 * plane, 0);
    const int bottom = std::min(result.height, source.image.height + source.top),
              right = std::min(result.width, source.image.width + source.left);
    for (std::size_t channel = 0; channel < 3; ++channel) {
        const std::size_t from = preparation.blueFirst ? 2 - channel : channel;
        const double scale = preparation.range / 255 / preparation.deviation[channel],
                     offset = preparation.mean[channel] / preparation.deviation[channel];
        for (int y = std::max(0, source.top); y < bottom; ++y) {
            const std::size_t row = static_cast<std::size_t>(y - source.top) * static_cast<std::size_t>(source.image.width);
            float *out = result.values.data() + channel * plane + static_cast<std::size_t>(y) * static_cast<std::size_t>(result.width);
            for (int x = std::max(0, source.left); x < right; ++x)
                out[x]
                    = static_cast<float>(source.image.rgb[3 * (row + static_cast<std::size_t>(x - source.left)) + from] * scale - offset);
        }
    }
    return result;
}

} // namespace rekey
