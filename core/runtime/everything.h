// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runlengthmask.h"

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

// Masks of everything in a picture, from a grid of points (Kirillov et al. 2023, "Segment Anything", section 5 and appendix B), with the
// steps and defaults of segment-anything's automatic mask generator.

namespace rekey {

struct EverythingOptions
{
    int pointsPerSide = 32;              ///< of the grid over the whole picture
    double predictedIouThreshold = 0.88; ///< masks with a lower prediction go; 0: none
    double stabilityThreshold = 0.95;    ///< likewise
    double stabilityOffset = 1;          ///< in logits: the IoU of the masks at +offset and -offset
    double boxNmsThreshold = 0.7;        ///< of two masks whose boxes overlap more, the one predicted better stays
    int cropLayers = 0;                  ///< layer n looks at 2ⁿ × 2ⁿ overlapping parts of the picture, each encoded on its own
    double cropNmsThreshold = 0.7;       ///< between parts; masks from smaller ones stay
    double cropOverlapRatio = 512.0 / 1500;
    int cropPointsDownscale = 1;         ///< layer n has pointsPerSide / thisⁿ points a side
    int minRegionArea = 0;               ///< pixels: smaller holes are filled and smaller islands removed; 0: none
    bool operator==(const EverythingOptions &) const = default;
};

struct EverythingMask
{
    RunLengthMask mask;                  ///< of the whole picture's size
    std::uint64_t area = 0;
    MaskBounds box;                      ///< as segment-anything gives it: from first to last pixel, so one less than the pixels it spans
    float predictedIou = 0;
    float stability = 0;
    std::array<double, 2> point{};      ///< that found it, in pixels
    std::array<int, 4> cropBox{};       ///< x, y, width, height of the part of the picture where it was found
};

struct EverythingResult
{
    int width = 0, height = 0;
    std::vector<EverythingMask> masks;   ///< in the generator's order: by part, then by predicted IoU
    std::size_t points = 0;              ///< asked
    double encodingMilliseconds = 0;     ///< of all parts
    double milliseconds = 0;             ///< of all
};

/// Told of masks as a batch of points brings them, before duplicates go: for a view that fills up. Called on the working thread.
using EverythingListener = std::function<void(const std::vector<EverythingMask> &found)>;

} // namespace rekey
