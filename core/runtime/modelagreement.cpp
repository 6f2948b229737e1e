// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/modelagreement.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace rekey {

namespace {

void compareLogits(const std::vector<float> &a, const std::vector<float> &b, CandidateAgreement &result)
{
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    if (a.size() != b.size() || a.empty()) {
        result.largestLogitDifference = result.meanLogitDifference = result.logitCosine = unknown;
        return;
    }
    double largest = 0, sum = 0, ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a[i], y = b[i], difference = std::abs(x - y);
        if (!(difference <= largest))
            largest = difference;
        sum += difference;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    result.largestLogitDifference = std::isnan(sum) ? unknown : largest;
    result.meanLogitDifference = sum / static_cast<double>(a.size());
    result.logitCosine = aa == 0 && bb == 0 ? 1 : ab / std::sqrt(aa * bb);
}

} // namespace

ModelAgreement compareResults(const SegmentResult &a, const SegmentResult &b)
{
    if (a.masks.size() != b.masks.size() || a.width != b.width || a.height != b.height)
        throw Error("", "", fmt::format("{} masks of {}×{} pixels cannot be compared with {} of {}×{}", a.masks.size(), a.width, a.height,
                                        b.masks.size(), b.width, b.height));
    ModelAgreement result;
    result.sameBest = a.best == b.best;
    for (std::size_t i = 0; i < a.masks.size(); ++i) {
        const MaskCandidate &first = a.masks[i], &second = b.masks[i];
        CandidateAgreement candidate;
        candidate.maskIou = maskIou(first.pixels, second.pixels);
        for (std::size_t p = 0; p < first.pixels.size(); ++p)
            candidate.differingPixels += (first.pixels[p] != 0) != (second.pixels[p] != 0);
        compareLogits(first.lowRes, second.lowRes, candidate);
        candidate.predictedIouDifference = std::abs(static_cast<double>(first.predictedIou) - static_cast<double>(second.predictedIou));
        result.leastMaskIou = std::min(result.leastMaskIou, candidate.maskIou);
        if (std::isnan(candidate.largestLogitDifference) || candidate.largestLogitDifference > result.largestLogitDifference)
            result.largestLogitDifference = candidate.largestLogitDifference;
        result.candidates.push_back(candidate);
    }
    return result;
}

SideBySide runSideBySide(Segmenter &a, Segmenter &b, const Image &image, const Prompts &prompts, const Progress &progress)
{
    const auto run = [&](Segmenter &segmenter, const Progress &part) {
        segmenter.setImage(image, part);
        return TimedResult {segmenter.predict(prompts), segmenter.loadingMilliseconds(), segmenter.encodingMilliseconds()};
    };
    SideBySide both {run(a, progress.part(0, 0.5)), run(b, progress.part(0.5, 1)), {}};
    both.agreement = compareResults(both.a.result, both.b.result);
    return both;
}

} // namespace rekey
