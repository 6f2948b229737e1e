// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/everythingsteps.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rekey {

namespace {

constexpr float edgeMargin = 20; // pixels: a box that ends so near a part's edge was cut off there

Image cropped(const Image &image, const Crop &crop)
{
    const int width = crop.x1 - crop.x0, height = crop.y1 - crop.y0;
    Image part {width, height, {}};
    part.rgb.reserve(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    for (int y = crop.y0; y < crop.y1; ++y) {
        const auto row = image.rgb.begin() + 3 * (static_cast<std::ptrdiff_t>(y) * image.width + crop.x0);
        part.rgb.insert(part.rgb.end(), row, row + 3 * static_cast<std::ptrdiff_t>(width));
    }
    return part;
}

/// First and last pixels, as numbers; zeros for an empty mask.
BoxCorners cornersOf(const RunLengthMask &mask)
{
    const MaskBounds bounds = boundsOf(mask);
    if (bounds.width == 0)
        return {};
    return {static_cast<float>(bounds.x), static_cast<float>(bounds.y), static_cast<float>(bounds.x + bounds.width - 1),
            static_cast<float>(bounds.y + bounds.height - 1)};
}

/// Whether the part cuts the box off where the picture goes on.
bool cutOff(const BoxCorners &box, const Crop &crop, int width, int height)
{
    const std::array<float, 4> part = {static_cast<float>(crop.x0), static_cast<float>(crop.y0), static_cast<float>(crop.x1),
                                       static_cast<float>(crop.y1)};
    const std::array<float, 4> whole = {0, 0, static_cast<float>(width), static_cast<float>(height)};
    for (std::size_t i = 0; i < box.size(); ++i) {
        const float corner = box[i] + part[i % 2];
        if (std::abs(corner - part[i]) <= edgeMargin && std::abs(corner - whole[i]) > edgeMargin)
            return true;
    }
    return false;
}

RunLengthMask placed(const RunLengthMask &mask, const Crop &crop, int width, int height)
{
    if (mask.width == width && mask.height == height)
        return mask;
    const std::vector<std::uint8_t> part = decodeMask(mask);
    std::vector<std::uint8_t> whole(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0);
    for (int y = 0; y < mask.height; ++y)
        std::copy_n(part.begin() + static_cast<std::ptrdiff_t>(y) * mask.width, mask.width,
                    whole.begin() + static_cast<std::ptrdiff_t>(y + crop.y0) * width + crop.x0);
    return encodeMask(whole, width, height);
}

void setBox(EverythingMask &mask)
{
    const BoxCorners box = cornersOf(mask.mask);
    mask.box = {static_cast<int>(box[0]), static_cast<int>(box[1]), static_cast<int>(box[2] - box[0]), static_cast<int>(box[3] - box[1])};
    mask.area = mask.mask.area();
}

EverythingMask inPicture(EverythingMask mask, const Crop &crop, const Image &image)
{
    mask.mask = placed(mask.mask, crop, image.width, image.height);
    mask.point[0] += crop.x0;
    mask.point[1] += crop.y0;
    mask.cropBox = {crop.x0, crop.y0, crop.x1 - crop.x0, crop.y1 - crop.y0};
    setBox(mask);
    return mask;
}

/// Those that stay, in suppression's order.
void suppress(std::vector<EverythingMask> &masks, const std::vector<float> &scores, double threshold)
{
    std::vector<BoxCorners> boxes;
    for (const EverythingMask &mask : masks)
        boxes.push_back(cornersOf(mask.mask));
    std::vector<EverythingMask> kept;
    for (const std::size_t index : nonMaximumSuppression(boxes, scores, threshold))
        kept.push_back(std::move(masks[index]));
    masks = std::move(kept);
}

std::vector<EverythingMask> inCrop(const Image &image, const Crop &crop, const EverythingOptions &options, const PartSegmenter &segment,
                                   const EverythingListener &listener, const Progress &progress)
{
    const bool whole = crop.layer == 0;
    const int width = crop.x1 - crop.x0, height = crop.y1 - crop.y0;
    const double side = options.pointsPerSide / std::pow(options.cropPointsDownscale, crop.layer);
    std::vector<std::array<double, 2>> points = pointGrid(static_cast<int>(side));
    for (std::array<double, 2> &point : points)
        point = {point[0] * width, point[1] * height};
    const auto isCut = [&](const EverythingMask &mask) { return cutOff(cornersOf(mask.mask), crop, image.width, image.height); };
    EverythingListener place;
    if (listener) {
        place = [&](const std::vector<EverythingMask> &found) {
            std::vector<EverythingMask> shown;
            for (const EverythingMask &mask : found) {
                if (!isCut(mask))
                    shown.push_back(inPicture(mask, crop, image));
            }
            listener(shown);
        };
    }
    std::vector<EverythingMask> masks = segment(whole ? image : cropped(image, crop), points, place, progress);
    std::erase_if(masks, isCut);
    std::vector<float> scores;
    for (const EverythingMask &mask : masks)
        scores.push_back(mask.predictedIou);
    suppress(masks, scores, options.boxNmsThreshold);
    for (EverythingMask &mask : masks)
        mask = inPicture(std::move(mask), crop, image);
    return masks;
}

void cleanUp(std::vector<EverythingMask> &masks, const EverythingOptions &options, const Progress &progress)
{
    std::vector<float> scores; // masks that needed no help are preferred
    for (EverythingMask &mask : masks) {
        progress.check();
        std::vector<std::uint8_t> pixels = decodeMask(mask.mask);
        const bool changed = removeSmallRegions(pixels, mask.mask.width, mask.mask.height, options.minRegionArea);
        if (changed) {
            mask.mask = encodeMask(pixels, mask.mask.width, mask.mask.height);
            setBox(mask);
        }
        scores.push_back(changed ? 0 : 1);
    }
    suppress(masks, scores, std::max(options.boxNmsThreshold, options.cropNmsThreshold));
}

} // namespace

void checkOptions(const EverythingOptions &options)
{
    const auto require = [](bool holds, const char *name, const std::string &expected) {
        if (!holds)
            throw Error("", name, "is out of range; " + expected);
    };
    const auto isShare = [](double value) { return value >= 0 && value <= 1; };
    require(options.pointsPerSide >= 1 && options.pointsPerSide <= 1024, "points per side", "1 to 1024 are possible");
    require(isShare(options.predictedIouThreshold), "predicted IoU threshold", "0 to 1 is possible");
    require(isShare(options.stabilityThreshold), "stability threshold", "0 to 1 is possible");
    require(options.stabilityOffset >= 0 && std::isfinite(options.stabilityOffset), "stability offset", "a number from 0 is expected");
    require(isShare(options.boxNmsThreshold), "overlap of boxes", "0 to 1 is possible");
    require(isShare(options.cropNmsThreshold), "overlap of boxes between parts", "0 to 1 is possible");
    require(options.cropLayers >= 0 && options.cropLayers <= 4, "layers of parts", "0 to 4 are possible");
    require(options.cropOverlapRatio >= 0 && options.cropOverlapRatio < 1, "overlap of parts", "0 to less than 1 is possible");
    require(options.cropPointsDownscale >= 1
                && options.pointsPerSide / std::pow(options.cropPointsDownscale, options.cropLayers) >= 1,
            "fewer points in parts", "from 1, and so that a point is left in the smallest part");
    require(options.minRegionArea >= 0, "smallest region", "a number of pixels from 0 is expected");
}

std::vector<Crop> cropsOf(int width, int height, int layers, double overlapRatio)
{
    std::vector<Crop> crops {{0, 0, width, height, 0}};
    for (int layer = 1; layer <= layers; ++layer) {
        const int side = 1 << layer;
        const auto overlap = static_cast<int>(overlapRatio * std::min(width, height) * (2.0 / side));
        const auto length
            = [&](int whole) { return static_cast<int>(std::ceil((static_cast<double>(overlap) * (side - 1) + whole) / side)); };
        const int cropWidth = length(width), cropHeight = length(height);
        for (int column = 0; column < side; ++column) {
            for (int row = 0; row < side; ++row) {
                const int x = (cropWidth - overlap) * column, y = (cropHeight - overlap) * row;
                crops.push_back({x, y, std::min(x + cropWidth, width), std::min(y + cropHeight, height), layer});
            }
        }
    }
    return crops;
}

std::vector<std::array<double, 2>> pointGrid(int pointsPerSide)
{
    const double half = 1.0 / (2.0 * pointsPerSide);
    const double step = pointsPerSide > 1 ? (1 - 2 * half) / (pointsPerSide - 1) : 0;
    std::vector<std::array<double, 2>> points;
    for (int y = 0; y < pointsPerSide; ++y) {
        for (int x = 0; x < pointsPerSide; ++x)
            points.push_back({half + x * step, half + y * step});
    }
    return points;
}

std::vector<std::size_t> nonMaximumSuppression(const std::vector<BoxCorners> &boxes, const std::vector<float> &scores, double threshold)
{
    std::vector<std::size_t> order(boxes.size()), kept;
    std::iota(order.begin(), order.end(), std::size_t {0});
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return scores[i]; });
    const auto area = [](const BoxCorners &box) { return (box[2] - box[0]) * (box[3] - box[1]); };
    const auto overlap = [&](const BoxCorners &a, const BoxCorners &b) {
        const float width = std::max(0.0F, std::min(a[2], b[2]) - std::max(a[0], b[0]));
        const float height = std::max(0.0F, std::min(a[3], b[3]) - std::max(a[1], b[1]));
        const float both = width * height;
        return both / (area(a) + area(b) - both); // not a number for two boxes without area: no overlap
    };
    for (const std::size_t index : order) {
        const auto covers = [&](std::size_t better) { return static_cast<double>(overlap(boxes[better], boxes[index])) > threshold; };
        if (std::ranges::none_of(kept, covers))
            kept.push_back(index);
    }
    return kept;
}

std::vector<EverythingMask> findEverything(const Image &image, const EverythingOptions &options, const PartSegmenter &segment,
                                           const EverythingListener &listener, const Progress &progress)
{
    checkOptions(options);
    const std::vector<Crop> crops = cropsOf(image.width, image.height, options.cropLayers, options.cropOverlapRatio);
    std::vector<EverythingMask> masks;
    std::vector<float> scores;
    for (std::size_t i = 0; i < crops.size(); ++i) {
        const auto count = static_cast<double>(crops.size());
        const Crop &crop = crops[i];
        const Progress part = progress.part(static_cast<double>(i) / count, static_cast<double>(i + 1) / count);
        for (EverythingMask &mask : inCrop(image, crop, options, segment, listener, part)) {
            masks.push_back(std::move(mask));
            // Masks from smaller parts are preferred.
            scores.push_back(1.0F / (static_cast<float>(crop.x1 - crop.x0) * static_cast<float>(crop.y1 - crop.y0)));
        }
    }
    if (crops.size() > 1)
        suppress(masks, scores, options.cropNmsThreshold);
    if (options.minRegionArea > 0 && !masks.empty())
        cleanUp(masks, options, progress);
    return masks;
}

} // namespace rekey
