// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runlengthmask.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// Masks for other programs. None of this needs LibTorch.

namespace rekey {

struct PolygonRing
{
    std::vector<std::array<double, 2>> points; ///< x, y in pixels, corners of pixels; closed: the first follows the last
    bool hole = false;
};

/// Outlines of a mask along the edges of its pixels, eight-connected regions as one: outer rings clockwise on the screen, holes the other
/// way round, each after the ring that it lies in. `tolerance` in pixels: how far an outline may leave the edges to have fewer points
/// (Douglas and Peucker 1973); 0 keeps every corner. A ring never gets fewer than three points.
std::vector<PolygonRing> maskPolygons(const RunLengthMask &mask, double tolerance = 0);

enum class CocoForm : std::uint8_t {
    CompressedRle,   ///< {"size": [h, w], "counts": "…"}, what pycocotools and segment-anything's coco_rle write
    UncompressedRle, ///< {"size": [h, w], "counts": [n, n, …]}
    Polygon,         ///< [[x, y, x, y, …], …]; holes are lost, as the form has none
};

/// A mask and what is known of it; unknown scores are left out.
struct ExportedMask
{
    RunLengthMask mask;
    std::optional<double> predictedIou, stability;
    std::vector<std::array<double, 2>> points;      ///< prompts, "point_coords"
    std::optional<std::array<double, 4>> cropBox;   ///< x, y, width, height
};

struct CocoImage
{
    std::string fileName;
    int width = 0, height = 0;
};

/// A COCO data set of one image in JSON: images, annotations (segmentation, bbox, area, iscrowd, scores), one category "object".
std::string cocoJson(const CocoImage &image, const std::vector<ExportedMask> &masks, CocoForm form, double polygonTolerance = 0);
void saveCocoJson(const std::filesystem::path &path, const CocoImage &image, const std::vector<ExportedMask> &masks, CocoForm form,
                  double polygonTolerance = 0);
/// White on black, 8-bit grey.
void saveMaskPng(const std::filesystem::path &path, const RunLengthMask &mask);
/// An SVG of the mask's outlines, holes cut out, as large as the picture.
std::string maskSvg(const RunLengthMask &mask, double tolerance = 0);

} // namespace rekey
