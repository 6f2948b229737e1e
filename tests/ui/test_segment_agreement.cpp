// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/agreement.h"
#include "ui/segment/agreementpanel.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace rekey::ui {
namespace {

/// A 4 × 4 square of ones at (x, y) in 10 × 10.
MaskCandidate square(int x, int y, std::vector<float> logits = std::vector<float>(16, 0.0F))
{
    MaskCandidate mask;
    mask.pixels.assign(100, 0);
    for (int dy = 0; dy < 4; ++dy)
        for (int dx = 0; dx < 4; ++dx)
            mask.pixels[static_cast<std::size_t>((y + dy) * 10 + x + dx)] = 1;
    mask.area = 16;
    mask.lowRes = std::move(logits);
    return mask;
}

TEST(Agreement, EqualMasksAreEqual)
{
    const Agreement agreement = compareMasks(square(2, 2), square(2, 2), 10, 1e-3);
    EXPECT_EQ(agreement.verdict, Verdict::Equal);
    EXPECT_EQ(agreement.maskIou, 1);
    EXPECT_EQ(agreement.differingPixels, 0U);
    EXPECT_EQ(agreement.pixels, 100U);
    EXPECT_EQ(agreement.equalLogits, 16U);
}

TEST(Agreement, CountsWhatDiffers)
{
    // One column further right: 12 pixels common, 20 in either.
    const Agreement agreement = compareMasks(square(2, 2), square(3, 2), 10, 1e-3);
    EXPECT_DOUBLE_EQ(agreement.maskIou, 12.0 / 20.0);
    EXPECT_EQ(agreement.differingPixels, 8U);
    EXPECT_TRUE(agreement.onOutline);
}

TEST(Agreement, SaysWhenDifferencesAreNotOnTheOutline)
{
    MaskCandidate other = square(2, 2);
    other.pixels[8 * 10 + 8] = 1;
    const Agreement agreement = compareMasks(square(2, 2), other, 10, 1e-3);
    EXPECT_EQ(agreement.differingPixels, 1U);
    EXPECT_FALSE(agreement.onOutline);
}

TEST(Agreement, LogitsByDecade)
{
    std::vector<float> logits(16, 0.0F);
    logits[3] = 2e-5F;
    logits[4] = 5e-5F;
    logits[5] = -2e-4F;
    const Agreement agreement = compareMasks(square(2, 2), square(2, 2, logits), 10, 1e-3);
    EXPECT_NEAR(agreement.maxLogitDifference, 2e-4, 1e-9);
    EXPECT_EQ(agreement.equalLogits, 13U);
    EXPECT_EQ(agreement.verdict, Verdict::WithinTolerance);
    EXPECT_EQ(std::accumulate(agreement.histogram.begin(), agreement.histogram.end(), std::uint64_t(0)), 3U);
    // Bins of half a decade from 10⁻⁸: 2e-5 and 5e-5 lie on either side of 10^-4.5.
    ASSERT_EQ(agreement.lowerDecade, -8);
    EXPECT_EQ(agreement.histogram[6], 1U);
    EXPECT_EQ(agreement.histogram[7], 1U);
    EXPECT_EQ(agreement.histogram[8], 1U);
    EXPECT_GT(agreement.upperDecade, -3);
}

TEST(Agreement, BeyondToleranceDriftsOrDiverges)
{
    std::vector<float> logits(16, 0.5F);
    EXPECT_EQ(compareMasks(square(2, 2), square(2, 2, logits), 10, 1e-3).verdict, Verdict::Drifts);
    EXPECT_EQ(compareMasks(square(2, 2), square(6, 6, logits), 10, 1e-3).verdict, Verdict::Diverges);
}

TEST(Agreement, NaNNeverAgrees)
{
    std::vector<float> logits(16, 0.0F);
    logits[0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(compareMasks(square(2, 2), square(2, 2, logits), 10, 1e-3).verdict, Verdict::Diverges);
}

TEST(Agreement, EmptyMasksAgree)
{
    MaskCandidate empty;
    empty.pixels.assign(100, 0);
    const Agreement agreement = compareMasks(empty, empty, 10, 1e-3);
    EXPECT_TRUE(agreement.empty);
    EXPECT_EQ(agreement.maskIou, 1);
}

TEST(Agreement, IouIsNeverRoundedUpToOne)
{
    EXPECT_EQ(AgreementPanel::iouText(1), QStringLiteral("1"));
    EXPECT_EQ(AgreementPanel::iouText(0.9999999), QStringLiteral("0.99999"));
    EXPECT_EQ(AgreementPanel::iouText(0.5), QStringLiteral("0.50000"));
}

} // namespace
} // namespace rekey::ui
