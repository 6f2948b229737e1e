// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/image.h"
#include "core/runtime/maskexport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <random>

#include <unistd.h>

using namespace rekey;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

std::vector<std::uint8_t> pixelsOf(const std::vector<std::string> &rows)
{
    std::vector<std::uint8_t> pixels;
    for (const std::string &row : rows) {
        for (const char c : row)
            pixels.push_back(c == '#');
    }
    return pixels;
}

RunLengthMask maskOf(const std::vector<std::string> &rows)
{
    return encodeMask(pixelsOf(rows), static_cast<int>(rows.front().size()), static_cast<int>(rows.size()));
}

std::vector<std::uint8_t> noise(int width, int height, unsigned seed, double share)
{
    std::mt19937 random(seed);
    std::bernoulli_distribution foreground(share);
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    for (std::uint8_t &pixel : pixels)
        pixel = foreground(random) ? 1 : 0;
    return pixels;
}

/// Positive for a ring that is walked clockwise on the screen.
double signedArea(const PolygonRing &ring)
{
    double sum = 0;
    for (std::size_t i = 0; i < ring.points.size(); ++i) {
        const auto &a = ring.points[i], &b = ring.points[(i + 1) % ring.points.size()];
        sum += a[0] * b[1] - a[1] * b[0];
    }
    return sum / 2;
}

} // namespace

TEST(RunLengths, CountColumnsAsCocoDoes)
{
    EXPECT_THAT(maskOf({"..", ".#"}).counts, ElementsAre(3, 1));
    EXPECT_THAT(maskOf({"#.", ".#"}).counts, ElementsAre(0, 1, 2, 1));
    EXPECT_THAT(maskOf({"..", ".."}).counts, ElementsAre(4));
    EXPECT_EQ(maskOf({".##", ".#."}).area(), 3U);
    EXPECT_EQ(boundsOf(maskOf({"....", ".##.", "..#."})), (MaskBounds {1, 1, 2, 2}));
    EXPECT_EQ(boundsOf(maskOf({"...."})), MaskBounds {});
    EXPECT_THROW(encodeMask(std::vector<std::uint8_t>(5), 2, 2), Error);
}

TEST(RunLengths, ComeBackAsTheyWere)
{
    for (const auto &[width, height] : {std::pair {1, 1}, {1, 200}, {200, 1}, {63, 65}, {129, 40}}) {
        for (const double share : {0.0, 0.02, 0.5, 1.0}) {
            const auto pixels = noise(width, height, 7, share);
            const RunLengthMask mask = encodeMask(pixels, width, height);
            EXPECT_EQ(decodeMask(mask), pixels);
            EXPECT_EQ(fromCocoCounts(cocoCounts(mask), width, height), mask);
            EXPECT_EQ(mask.area(), static_cast<std::uint64_t>(std::count(pixels.begin(), pixels.end(), 1)));
        }
    }
}

TEST(CocoCounts, AreSpelledAsPycocotoolsDoes)
{
    // 100 is 00100 with more, then 00011; the fourth count is the difference to the second: 2 - 5 = -3.
    EXPECT_EQ(cocoCounts({10, 10, {100}}), "T3");
    EXPECT_EQ(cocoCounts({5, 6, {3, 5, 20, 2}}), "35d0M");
    EXPECT_EQ(fromCocoCounts("35d0M", 5, 6).counts, (std::vector<std::uint32_t> {3, 5, 20, 2}));
    EXPECT_THROW(fromCocoCounts("T", 10, 10), Error);
    EXPECT_THROW(fromCocoCounts("T3", 9, 10), Error);
    EXPECT_THROW(fromCocoCounts("\x01", 1, 1), Error);
    EXPECT_THROW(fromCocoCounts("oooooooooo", 10, 10), Error);
}

TEST(Polygons, FollowTheEdgesOfPixels)
{
    const auto one = maskPolygons(maskOf({"...", ".#.", "..."}));
    ASSERT_EQ(one.size(), 1U);
    EXPECT_FALSE(one[0].hole);
    EXPECT_THAT(one[0].points, testing::UnorderedElementsAre(ElementsAre(1, 1), ElementsAre(2, 1), ElementsAre(2, 2), ElementsAre(1, 2)));
    const auto diagonal = maskPolygons(maskOf({"#.", ".#"}));
    ASSERT_EQ(diagonal.size(), 1U) << "pixels that touch at a corner are one region";
    EXPECT_EQ(signedArea(diagonal[0]), 2);
    EXPECT_TRUE(maskPolygons(maskOf({"...", "..."})).empty());
}

TEST(Polygons, PutHolesAfterTheirRing)
{
    const auto rings = maskPolygons(maskOf({"#####.###", "#...#.#.#", "#.#.#.###", "#...#....", "#####...."}));
    ASSERT_EQ(rings.size(), 5U);
    EXPECT_THAT((std::vector<bool> {rings[0].hole, rings[1].hole, rings[2].hole, rings[3].hole, rings[4].hole}),
                ElementsAre(false, true, false, true, false));
    EXPECT_EQ(signedArea(rings[0]), 25);
    EXPECT_EQ(signedArea(rings[1]), -9);
    EXPECT_EQ(signedArea(rings[3]), -1);
    EXPECT_EQ(signedArea(rings[4]), 1) << "the island in the hole is a region of its own";
}

TEST(Polygons, CoverExactlyTheMask)
{
    for (unsigned seed = 0; seed < 20; ++seed) {
        const int width = 1 + static_cast<int>(seed * 7 % 40), height = 1 + static_cast<int>(seed * 11 % 30);
        const RunLengthMask mask = encodeMask(noise(width, height, seed, 0.1 + 0.04 * seed), width, height);
        double area = 0;
        for (const PolygonRing &ring : maskPolygons(mask)) {
            EXPECT_EQ(ring.hole, signedArea(ring) < 0);
            area += signedArea(ring);
        }
        EXPECT_EQ(area, static_cast<double>(mask.area())) << seed;
    }
}

TEST(Polygons, HaveFewerPointsWithATolerance)
{
    constexpr int size = 100;
    std::vector<std::uint8_t> disc(size * size);
    for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x)
            disc[static_cast<std::size_t>(y * size + x)] = std::hypot(x - 50, y - 50) < 40;
    }
    const RunLengthMask mask = encodeMask(disc, size, size);
    const auto exact = maskPolygons(mask), simple = maskPolygons(mask, 1);
    ASSERT_EQ(simple.size(), 1U);
    EXPECT_LT(simple[0].points.size(), exact[0].points.size() / 4);
    EXPECT_NEAR(signedArea(simple[0]), static_cast<double>(mask.area()), 0.03 * static_cast<double>(mask.area()));
}

TEST(CocoJson, SaysWhatIsKnown)
{
    const ExportedMask known {maskOf({"....", ".##.", "...."}), 0.5, 0.25, {{1.5, 1}}, std::array<double, 4> {0, 0, 4, 3}};
    const ExportedMask plain {maskOf({"#...", "....", "...."}), {}, {}, {}, {}};
    const auto json = nlohmann::json::parse(cocoJson({"a \"b\"\xff.jpg", 4, 3}, {known, plain}, CocoForm::CompressedRle));
    EXPECT_EQ(json["images"][0]["width"], 4);
    ASSERT_EQ(json["annotations"].size(), 2U);
    const auto &first = json["annotations"][0], &second = json["annotations"][1];
    EXPECT_EQ(first["bbox"], (nlohmann::json {1, 1, 2, 1}));
    EXPECT_EQ(first["area"], 2);
    EXPECT_EQ(first["predicted_iou"], 0.5);
    EXPECT_EQ(first["segmentation"]["size"], (nlohmann::json {3, 4}));
    EXPECT_EQ(fromCocoCounts(first["segmentation"]["counts"], 4, 3), known.mask);
    EXPECT_FALSE(second.contains("predicted_iou"));
    EXPECT_FALSE(second.contains("crop_box"));
    const auto runs = nlohmann::json::parse(cocoJson({"x", 4, 3}, {plain}, CocoForm::UncompressedRle));
    EXPECT_EQ(runs["annotations"][0]["segmentation"]["counts"], (nlohmann::json {0, 1, 11}));
    const auto polygon = nlohmann::json::parse(cocoJson({"x", 4, 3}, {known}, CocoForm::Polygon));
    EXPECT_EQ(polygon["annotations"][0]["segmentation"][0].size(), 8U);
}

TEST(MaskFiles, ComeBack)
{
    const auto folder = std::filesystem::temp_directory_path() / ("rekey-masks-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const RunLengthMask mask = encodeMask(noise(31, 17, 3, 0.3), 31, 17);
    saveMaskPng(folder / "m.png", mask);
    const Image image = loadImage(folder / "m.png");
    ASSERT_EQ(image.width, 31);
    std::vector<std::uint8_t> pixels;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
        pixels.push_back(image.rgb[i] == 255);
    EXPECT_EQ(encodeMask(pixels, 31, 17), mask);
    saveCocoJson(folder / "m.json", {"m.png", 31, 17}, {{mask, {}, {}, {}, {}}}, CocoForm::CompressedRle);
    std::ifstream stream(folder / "m.json");
    EXPECT_EQ(fromCocoCounts(nlohmann::json::parse(stream)["annotations"][0]["segmentation"]["counts"], 31, 17), mask);
    EXPECT_THAT(maskSvg(maskOf({"#"})), HasSubstr("viewBox=\"0 0 1 1\""));
    std::filesystem::remove_all(folder);
}
