// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/maskpicture.h"

#include <QPainter>

#include <gtest/gtest.h>

#include <random>

namespace rekey::ui {
namespace {

TEST(MaskPicture, EmptyMaskHasNoOutline)
{
    EXPECT_TRUE(maskPicture(std::vector<std::uint8_t>(12, 0), 4, 3).isEmpty());
}

TEST(MaskPicture, OutlineOfARectangleLiesOnItsEdges)
{
    std::vector<std::uint8_t> pixels(100, 0);
    for (int y = 2; y < 6; ++y)
        for (int x = 3; x < 8; ++x)
            pixels[static_cast<std::size_t>(y * 10 + x)] = 1;
    EXPECT_EQ(maskPicture(pixels, 10, 10).outline.boundingRect(), QRectF(3, 2, 5, 4));
}

TEST(MaskPicture, HoleIsALoopOfItsOwn)
{
    std::vector<std::uint8_t> pixels(100, 1);
    pixels[5 * 10 + 5] = 0;
    EXPECT_EQ(maskPicture(pixels, 10, 10).outline.toSubpathPolygons().size(), 2);
}

TEST(MaskPicture, PixelsTouchingAtACornerAreKeptApart)
{
    EXPECT_EQ(maskPicture({1, 0, 0, 1}, 2, 2).outline.toSubpathPolygons().size(), 2);
}

TEST(MaskPicture, EveryPixelsMiddleIsOnItsSideOfTheOutline)
{
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        std::vector<std::uint8_t> pixels(12 * 9);
        for (auto &pixel : pixels)
            pixel = random() % 3 != 0;
        QPainterPath outline = maskPicture(pixels, 12, 9).outline;
        outline.setFillRule(Qt::OddEvenFill);
        for (int y = 0; y < 9; ++y)
            for (int x = 0; x < 12; ++x)
                EXPECT_EQ(outline.contains(QPointF(x + 0.5, y + 0.5)), pixels[static_cast<std::size_t>(y * 12 + x)] != 0) << x << "," << y;
    }
}

TEST(MaskPicture, TintedIsPremultipliedAndExact)
{
    const QImage image = tinted(maskPicture({1, 0, 0, 1}, 2, 2), QColor(10, 20, 30));
    EXPECT_EQ(image.format(), QImage::Format_ARGB32_Premultiplied);
    EXPECT_EQ(image.pixel(0, 0), qRgb(10, 20, 30));
    EXPECT_EQ(qAlpha(image.pixel(1, 0)), 0);
    EXPECT_EQ(image.pixel(1, 1), qRgb(10, 20, 30));
}

TEST(MaskPicture, DifferenceKeepsSidesApart)
{
    const MaskDifference difference = maskDifference({1, 1, 0, 0}, {0, 1, 1, 0}, 2, 2);
    EXPECT_EQ(difference.onlyFirst.area.pixelIndex(0, 0), 1);
    EXPECT_EQ(difference.onlyFirst.area.pixelIndex(1, 0), 0);
    EXPECT_EQ(difference.onlySecond.area.pixelIndex(0, 1), 1);
    EXPECT_EQ(difference.onlySecond.area.pixelIndex(0, 0), 0);
}

} // namespace
} // namespace rekey::ui
