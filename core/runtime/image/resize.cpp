// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

// Pillow's resampling (src/libImaging/Resample.c, two passes, 8 bits per channel): each output pixel is a weighted sum
// over a window that grows with the reduction, with weights in fixed point, so that results are the same bytes on any machine.

namespace rekey {

namespace {

constexpr int precisionBits = 32 - 8 - 2;

struct Window
{
    int first = 0;
    std::vector<std::int32_t> weights;
};

std::vector<Window> triangleWindows(int inputSize, int outputSize)
{
    const double scale = static_cast<double>(inputSize) / outputSize;
    const double support = std::max(scale, 1.0); // of the triangle, in input pixels
    const double inverse = 1.0 / support;
    std::vector<Window> windows(static_cast<std::size_t>(outputSize));
    std::vector<double> weights;
    for (int out = 0; out < outputSize; ++out) {
        const double center = (out + 0.5) * scale;
        const int first = std::max(static_cast<int>(center - support + 0.5), 0);
        const int last = std::min(static_cast<int>(center + support + 0.5), inputSize);
        weights.assign(static_cast<std::size_t>(last - first), 0);
        double sum = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const double distance = std::abs((static_cast<double>(i) + first - center + 0.5) * inverse);
            weights[i] = distance < 1 ? 1 - distance : 0;
            sum += weights[i];
        }
        Window &window = windows[static_cast<std::size_t>(out)];
        window.first = first;
        for (const double weight : weights) {
            const double normal = sum != 0 ? weight / sum : weight;
            window.weights.push_back(static_cast<std::int32_t>((normal < 0 ? -0.5 : 0.5) + normal * (1 << precisionBits)));
        }
    }
    return windows;
}

std::uint8_t rounded(std::int32_t sum)
{
    return static_cast<std::uint8_t>(std::clamp(sum >> precisionBits, 0, 255));
}

constexpr std::int32_t half = 1 << (precisionBits - 1);

Image resizeColumns(const Image &image, int width)
{
    const std::vector<Window> windows = triangleWindows(image.width, width);
    Image out{width, image.height, std::vector<std::uint8_t>(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(image.height))};
    std::uint8_t *to = out.rgb.data();
    for (int y = 0; y < image.height; ++y) {
        const std::uint8_t *row = image.rgb.data() + 3 * static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width);
        for (const Window &window : windows) {
            std::int32_t sum[3] = {half, half, half};
            const std::uint8_t *from = row + 3 * static_cast<std::size_t>(window.first);
            for (const std::int32_t weight : window.weights) {
                for (int c = 0; c < 3; ++c)
                    sum[c] += *from++ * weight;
            }
            for (const std::int32_t value : sum)
                *to++ = rounded(value);
        }
    }
    return out;
}

Image resizeRows(const Image &image, int height)
{
    const std::vector<Window> windows = triangleWindows(image.height, height);
    const std::size_t stride = 3 * static_cast<std::size_t>(image.width);
    Image out{image.width, height, std::vector<std::uint8_t>(stride * static_cast<std::size_t>(height))};
    std::vector<std::int32_t> sums(stride);
    for (std::size_t y = 0; y < windows.size(); ++y) {
        std::fill(sums.begin(), sums.end(), half);
        for (std::size_t i = 0; i < windows[y].weights.size(); ++i) {
            const std::uint8_t *from = image.rgb.data() + (static_cast<std::size_t>(windows[y].first) + i) * stride;
            for (std::size_t x = 0; x < stride; ++x)
                sums[x] += from[x] * windows[y].weights[i];
        }
        std::transform(sums.begin(), sums.end(), out.rgb.begin() + static_cast<std::ptrdiff_t>(y * stride), rounded);
    }
    return out;
}

} // namespace

Image resizeBilinear(const Image &image, int width, int height)
{
    if (width <= 0 || height <= 0 || image.width <= 0 || image.height <= 0)
        throw Error("", "", fmt::format("a picture of {}×{} pixels cannot be resized to {}×{}", image.width, image.height, width, height));
    if (width == image.width)
        return height == image.height ? image : resizeRows(image, height);
    const Image columns = resizeColumns(image, width);
    return height == image.height ? columns : resizeRows(columns, height);
}

} // namespace rekey
