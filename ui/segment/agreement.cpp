// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/agreement.h"

#include <algorithm>
#include <cmath>

namespace rekey::ui {

namespace {

/// Whether pixel (x, y) has a neighbour (of eight) on the other side of the mask's edge.
bool touchesOutline(const std::vector<std::uint8_t> &mask, int width, int height, int x, int y)
{
    const auto at = [&](int px, int py) {
        return mask[static_cast<std::size_t>(py) * static_cast<std::size_t>(width) + static_cast<std::size_t>(px)] != 0;
    };
    const bool here = at(x, y);
    for (int py = std::max(0, y - 1); py <= std::min(height - 1, y + 1); ++py)
        for (int px = std::max(0, x - 1); px <= std::min(width - 1, x + 1); ++px)
            if (at(px, py) != here)
                return true;
    return false;
}

void countPixels(Agreement &result, const MaskCandidate &first, const MaskCandidate &second, int width)
{
    const std::size_t pixels = std::min(first.pixels.size(), second.pixels.size());
    const int height = width > 0 ? static_cast<int>(pixels / static_cast<std::size_t>(width)) : 0;
    std::uint64_t both = 0, either = 0;
    for (int y = 0, i = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x, ++i) {
            const bool a = first.pixels[static_cast<std::size_t>(i)] != 0, b = second.pixels[static_cast<std::size_t>(i)] != 0;
            both += a && b;
            either += a || b;
            if (a == b)
                continue;
            ++result.differingPixels;
            result.onOutline = result.onOutline && touchesOutline(first.pixels, width, height, x, y);
        }
    }
    result.pixels = pixels;
    result.empty = either == 0;
    result.maskIou = either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

void countLogits(Agreement &result, const MaskCandidate &first, const MaskCandidate &second)
{
    std::vector<double> differences;
    const std::size_t logits = std::min(first.lowRes.size(), second.lowRes.size());
    result.logits = logits;
    for (std::size_t i = 0; i < logits; ++i) {
        const double difference = std::abs(static_cast<double>(first.lowRes[i]) - static_cast<double>(second.lowRes[i]));
        if (difference == 0) {
            ++result.equalLogits;
            continue;
        }
        differences.push_back(difference);
        // A NaN is the largest difference there is.
        if (!(difference <= result.maxLogitDifference))
            result.maxLogitDifference = difference;
    }
    const double reach = std::max(std::isfinite(result.maxLogitDifference) ? result.maxLogitDifference : 0, result.tolerance);
    result.upperDecade = static_cast<int>(std::floor(std::log10(reach))) + 1;
    result.lowerDecade = std::min(-8, result.upperDecade - 1);
    const int bins = (result.upperDecade - result.lowerDecade) * Agreement::binsPerDecade;
    result.histogram.assign(static_cast<std::size_t>(bins), 0);
    for (const double difference : differences) {
        if (!std::isfinite(difference))
            continue;
        const int bin = static_cast<int>(std::floor((std::log10(difference) - result.lowerDecade) * Agreement::binsPerDecade));
        ++result.histogram[static_cast<std::size_t>(std::clamp(bin, 0, bins - 1))];
    }
}

Verdict verdictOf(const Agreement &agreement)
{
    if (!std::isfinite(agreement.maxLogitDifference))
        return Verdict::Diverges;
    if (agreement.maxLogitDifference == 0 && agreement.differingPixels == 0)
        return Verdict::Equal;
    if (agreement.maxLogitDifference <= agreement.tolerance)
        return Verdict::WithinTolerance;
    return agreement.maskIou >= 0.98 ? Verdict::Drifts : Verdict::Diverges;
}

} // namespace

Agreement compareMasks(const MaskCandidate &first, const MaskCandidate &second, int width, double tolerance)
{
    Agreement result;
    result.tolerance = tolerance;
    countPixels(result, first, second, width);
    countLogits(result, first, second);
    result.verdict = verdictOf(result);
    return result;
}

double logitTolerance(DType dtype)
{
    switch (dtype) {
    case DType::F64:
    case DType::F32: return 1e-3;
    case DType::F16: return 3e-2;
    default: return 2.4e-1;
    }
}

} // namespace rekey::ui
