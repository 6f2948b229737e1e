// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/maskexport.h"

#include "core/base/atomicfile.h"
#include "core/runtime/image.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

Json segmentation(const RunLengthMask &mask, CocoForm form, double tolerance)
{
    const Json size = {mask.height, mask.width};
    switch (form) {
    case CocoForm::CompressedRle: return {{"size", size}, {"counts", cocoCounts(mask)}};
    case CocoForm::UncompressedRle: return {{"size", size}, {"counts", mask.counts}};
    case CocoForm::Polygon: break;
    }
    Json rings = Json::array();
    for (const PolygonRing &ring : maskPolygons(mask, tolerance)) {
        if (ring.hole)
            continue;
        Json flat = Json::array();
        for (const auto &point : ring.points) {
            flat.push_back(point[0]);
            flat.push_back(point[1]);
        }
        rings.push_back(std::move(flat));
    }
    return rings;
}

Json annotation(const ExportedMask &exported, std::size_t id, CocoForm form, double tolerance)
{
    const MaskBounds box = boundsOf(exported.mask);
    Json row = {{"id", id},
                {"image_id", 1},
                {"category_id", 1},
                {"segmentation", segmentation(exported.mask, form, tolerance)},
                {"area", exported.mask.area()},
                {"bbox", {box.x, box.y, box.width, box.height}},
                {"iscrowd", 0}};
    if (exported.predictedIou)
        row["predicted_iou"] = *exported.predictedIou;
    if (exported.stability)
        row["stability_score"] = *exported.stability;
    if (!exported.points.empty())
        row["point_coords"] = exported.points;
    if (exported.cropBox)
        row["crop_box"] = *exported.cropBox;
    return row;
}

} // namespace

std::string cocoJson(const CocoImage &image, const std::vector<ExportedMask> &masks, CocoForm form, double polygonTolerance)
{
    Json annotations = Json::array();
    for (const ExportedMask &mask : masks)
        annotations.push_back(annotation(mask, annotations.size() + 1, form, polygonTolerance));
    Json images = Json::array();
    images.push_back({{"id", 1}, {"file_name", image.fileName}, {"width", image.width}, {"height", image.height}});
    Json categories = Json::array();
    categories.push_back({{"id", 1}, {"name", "object"}});
    // A name that is not UTF-8 must not keep a file from being written.
    const Json all = {{"images", std::move(images)}, {"annotations", std::move(annotations)}, {"categories", std::move(categories)}};
    return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void saveCocoJson(const std::filesystem::path &path, const CocoImage &image, const std::vector<ExportedMask> &masks, CocoForm form,
                  double polygonTolerance)
{
    AtomicFile file(path);
    file.write(cocoJson(image, masks, form, polygonTolerance));
    file.commit();
}

void saveMaskPng(const std::filesystem::path &path, const RunLengthMask &mask)
{
    std::vector<std::uint8_t> pixels = decodeMask(mask);
    for (std::uint8_t &pixel : pixels)
        pixel = pixel != 0 ? 255 : 0;
    savePng(path, mask.width, mask.height, 1, pixels);
}

std::string maskSvg(const RunLengthMask &mask, double tolerance)
{
    std::string path;
    for (const PolygonRing &ring : maskPolygons(mask, tolerance)) {
        for (std::size_t i = 0; i < ring.points.size(); ++i)
            path += fmt::format("{}{:g} {:g}", i == 0 ? "M" : " L", ring.points[i][0], ring.points[i][1]);
        path += "Z";
    }
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">"
                       "<path fill-rule=\"evenodd\" d=\"{2}\"/></svg>\n",
                       mask.width, mask.height, path);
}

} // namespace rekey
