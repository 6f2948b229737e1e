// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/runtime/everything.h"
#include "core/runtime/image.h"

#include <cstddef>
#include <span>

// The steps around the model when everything in a picture is segmented; facts from facebookresearch/segment-anything,
// automatic_mask_generator.py and utils/amg.py. None of this needs LibTorch.

namespace rekey {

/// Throws Error naming the option that is out of range.
void checkOptions(const EverythingOptions &options);

/// Part of a picture: [x0, x1) × [y0, y1), and its layer: 0 is the whole.
struct Crop
{
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0, layer = 0;
    bool operator==(const Crop &) const = default;
};
std::vector<Crop> cropsOf(int width, int height, int layers, double overlapRatio);

/// Centres of n × n equal cells of the unit square, row by row.
std::vector<std::array<double, 2>> pointGrid(int pointsPerSide);

using BoxCorners = std::array<float, 4>; ///< x0, y0, x1, y1

/// Which boxes stay, best score first (of equals, the first): those that overlap no better one by more than `threshold` (intersection over
/// union of areas (x1 - x0) · (y1 - y0)).
std::vector<std::size_t> nonMaximumSuppression(const std::vector<BoxCorners> &boxes, const std::vector<float> &scores, double threshold);

/// Fills holes, then removes islands, of less than `minArea` pixels (eight-connected); of nothing but small islands the largest stays.
/// Returns whether anything changed.
bool removeSmallRegions(std::vector<std::uint8_t> &pixels, int width, int height, int minArea);

/// What a model finds at points of a part of a picture: candidates that pass both thresholds, masks and points in the part's pixels, `box`
/// and `cropBox` left empty; in the order of the points.
using PartSegmenter = std::function<std::vector<EverythingMask>(const Image &part, const std::vector<std::array<double, 2>> &points,
                                                                const EverythingListener &listener, const Progress &progress)>;

/// All steps in the generator's order. `segment` is called once a part. The listener gets masks in the picture's pixels.
std::vector<EverythingMask> findEverything(const Image &image, const EverythingOptions &options, const PartSegmenter &segment,
                                           const EverythingListener &listener, const Progress &progress);

} // namespace rekey
