// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/everythingsteps.h"
#include "core/runtime/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace rekey;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

const fs::path demo = fs::path(REKEY_RESOURCES) / "demo";

std::unique_ptr<Segmenter> demoModel()
{
    return runtime().openSegmenter({openCheckpoint(demo / "sam_tiny.pth"), std::nullopt, nullptr});
}

EverythingOptions optionsOf(const nlohmann::json &recorded)
{
    EverythingOptions options;
    options.pointsPerSide = recorded.value("points_per_side", options.pointsPerSide);
    options.predictedIouThreshold = recorded.value("pred_iou_thresh", options.predictedIouThreshold);
    options.stabilityThreshold = recorded.value("stability_score_thresh", options.stabilityThreshold);
    options.stabilityOffset = recorded.value("stability_score_offset", options.stabilityOffset);
    options.boxNmsThreshold = recorded.value("box_nms_thresh", options.boxNmsThreshold);
    options.cropLayers = recorded.value("crop_n_layers", options.cropLayers);
    options.cropNmsThreshold = recorded.value("crop_nms_thresh", options.cropNmsThreshold);
    options.cropPointsDownscale = recorded.value("crop_n_points_downscale_factor", options.cropPointsDownscale);
    options.minRegionArea = recorded.value("min_mask_region_area", options.minRegionArea);
    return options;
}

void compare(const EverythingMask &found, const nlohmann::json &expected, const nlohmann::json &size)
{
    const RunLengthMask mask {size[1], size[0], expected["counts"].get<std::vector<std::uint32_t>>()};
    EXPECT_GE(maskIou(decodeMask(found.mask), decodeMask(mask)), 0.999);
    EXPECT_NEAR(found.predictedIou, expected["predicted_iou"].get<double>(), 1e-4);
    EXPECT_NEAR(found.stability, expected["stability_score"].get<double>(), 2e-3);
    EXPECT_NEAR(static_cast<double>(found.area), expected["area"].get<double>(), 1 + 1e-3 * expected["area"].get<double>());
    EXPECT_NEAR(found.point[0], expected["point_coords"][0].get<double>(), 1e-9);
    EXPECT_NEAR(found.point[1], expected["point_coords"][1].get<double>(), 1e-9);
    const std::array<int, 4> box = {found.box.x, found.box.y, found.box.width, found.box.height};
    for (std::size_t i = 0; i < box.size(); ++i) {
        EXPECT_NEAR(box[i], expected["bbox"][i].get<int>(), 1);
        EXPECT_EQ(found.cropBox[i], expected["crop_box"][i].get<int>());
    }
}

std::vector<std::uint8_t> pixelsOf(const std::vector<std::string> &rows)
{
    std::vector<std::uint8_t> pixels;
    for (const std::string &row : rows) {
        for (const char c : row)
            pixels.push_back(c == '#');
    }
    return pixels;
}

} // namespace

/// Recorded with segment-anything itself: tests/data/runtime/record_everything.py.
TEST(Everything, FindsWhatTheOriginalFinds)
{
    std::ifstream stream(fs::path(REKEY_TEST_DATA) / "runtime" / "everything.json");
    const nlohmann::json recorded = nlohmann::json::parse(stream);
    const auto segmenter = demoModel();
    std::size_t compared = 0;
    for (const auto &[name, row] : recorded.items()) {
        SCOPED_TRACE(name);
        const Image image = loadImage(demo / "photos" / row["photo"].get<std::string>());
        std::size_t shown = 0;
        const EverythingResult result = segmenter->segmentEverything(
            image, optionsOf(row["options"]), {}, [&](const std::vector<EverythingMask> &found) { shown += found.size(); });
        ASSERT_EQ(result.masks.size(), row["masks"].size());
        EXPECT_GE(shown, result.masks.size()) << "duplicates are shown before they go";
        for (std::size_t i = 0; i < result.masks.size(); ++i) {
            SCOPED_TRACE(i);
            compare(result.masks[i], row["masks"][i], row["size"]);
            ++compared;
        }
        Prompts prompt;
        prompt.points = {{10, 10, true}};
        EXPECT_EQ(segmenter->predict(prompt).width, image.width) << "the whole picture is set afterwards";
    }
    EXPECT_GE(compared, 40U);
}

TEST(Everything, StopsWhenAskedAndLeavesNoHalfPicture)
{
    const auto segmenter = demoModel();
    std::stop_source stop;
    const Progress progress(stop.get_token(), [&](double fraction, std::string_view) {
        if (fraction > 0.5)
            stop.request_stop();
    });
    const Image image = loadImage(demo / "photos" / "coffee.jpg");
    EXPECT_THROW(segmenter->segmentEverything(image, {}, progress), Cancelled);
    EXPECT_THROW(segmenter->predict({{{1, 1, true}}, {}, {}, true}), Error);
}

TEST(Everything, RefusesOptionsOutOfRange)
{
    const auto sentence = [](const EverythingOptions &options) -> std::string {
        try {
            checkOptions(options);
        } catch (const Error &error) {
            return error.what();
        }
        return "";
    };
    EXPECT_EQ(sentence({}), "");
    EverythingOptions options;
    options.pointsPerSide = 0;
    EXPECT_THAT(sentence(options), HasSubstr("points per side"));
    options = {};
    options.boxNmsThreshold = 1.5;
    EXPECT_THAT(sentence(options), HasSubstr("overlap of boxes"));
    options = {};
    options.cropLayers = 3;
    options.cropPointsDownscale = 4;
    EXPECT_THAT(sentence(options), HasSubstr("a point is left"));
}

TEST(Crops, OverlapAsTheOriginals)
{
    // utils/amg.py of segment-anything gives these.
    EXPECT_THAT(cropsOf(600, 400, 0, 512.0 / 1500), ElementsAre(Crop {0, 0, 600, 400, 0}));
    EXPECT_THAT(cropsOf(600, 400, 1, 512.0 / 1500),
                ElementsAre(Crop {0, 0, 600, 400, 0}, Crop {0, 0, 368, 268, 1}, Crop {0, 132, 368, 400, 1}, Crop {232, 0, 600, 268, 1},
                            Crop {232, 132, 600, 400, 1}));
    EXPECT_EQ(cropsOf(600, 400, 2, 0.25).size(), 21U);
}

TEST(PointGrid, LiesInTheMiddleOfCells)
{
    EXPECT_THAT(pointGrid(1), ElementsAre(ElementsAre(0.5, 0.5)));
    EXPECT_THAT(pointGrid(2),
                ElementsAre(ElementsAre(0.25, 0.25), ElementsAre(0.75, 0.25), ElementsAre(0.25, 0.75), ElementsAre(0.75, 0.75)));
}

TEST(NonMaximumSuppression, KeepsTheBestOfEachHeap)
{
    const std::vector<BoxCorners> boxes = {{0, 0, 10, 10}, {1, 0, 11, 10}, {20, 20, 30, 30}, {0, 0, 10, 5}, {5, 5, 5, 5}, {5, 5, 5, 5}};
    EXPECT_THAT(nonMaximumSuppression(boxes, {0.5F, 0.9F, 0.1F, 0.3F, 0.2F, 0.2F}, 0.7), ElementsAre(1, 3, 4, 5, 2));
    EXPECT_THAT(nonMaximumSuppression(boxes, {0.5F, 0.9F, 0.1F, 0.3F, 0.2F, 0.2F}, 0.4), ElementsAre(1, 4, 5, 2));
    EXPECT_THAT(nonMaximumSuppression({}, {}, 0.5), ElementsAre());
}

TEST(SmallRegions, AreFilledAndRemoved)
{
    const std::vector<std::string> before = {"#####..#", //
                                             "#...#...", //
                                             "#.#.#...", //
                                             "#...#...", //
                                             "#####..."};
    auto pixels = pixelsOf(before);
    EXPECT_FALSE(removeSmallRegions(pixels, 8, 5, 1));
    EXPECT_EQ(pixels, pixelsOf(before));
    // The hole has 8 pixels, the island in it and the one at the right 1.
    EXPECT_TRUE(removeSmallRegions(pixels, 8, 5, 2));
    EXPECT_EQ(pixels, pixelsOf({"#####...", "#...#...", "#...#...", "#...#...", "#####..."}));
    pixels = pixelsOf(before);
    EXPECT_TRUE(removeSmallRegions(pixels, 8, 5, 9));
    EXPECT_EQ(pixels, pixelsOf({"#####...", "#####...", "#####...", "#####...", "#####..."}));
}

TEST(SmallRegions, LeaveTheLargestOfSmallOnes)
{
    auto pixels = pixelsOf({"##...", ".....", "...#.", "#...#"});
    // Eight-connected: the two at the lower right are one of two pixels, and so is the first.
    EXPECT_TRUE(removeSmallRegions(pixels, 5, 4, 10));
    EXPECT_EQ(pixels, pixelsOf({"##...", ".....", ".....", "....."}));
}
