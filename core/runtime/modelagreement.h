// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/runtime/runtime.h"

#include <vector>

namespace rekey {

/// How closely two models' answers to the same prompts agree, candidate by candidate.
struct CandidateAgreement
{
    double maskIou = 1;
    std::uint64_t differingPixels = 0;
    double largestLogitDifference = 0; ///< over the low-resolution logits; not a number where one is not
    double meanLogitDifference = 0;
    double logitCosine = 1;            ///< cosine of the angle between the two logit maps
    double predictedIouDifference = 0;
};

struct ModelAgreement
{
    std::vector<CandidateAgreement> candidates;
    double leastMaskIou = 1;
    double largestLogitDifference = 0;
    bool sameBest = true;              ///< both predict the same candidate to be the best
};

/// Two results for the same picture and prompts. Throws Error when they have different numbers of masks or sizes; logits of different
/// resolutions (models with other input sizes) are not compared: their differences are not numbers.
ModelAgreement compareResults(const SegmentResult &a, const SegmentResult &b);

struct TimedResult
{
    SegmentResult result;
    double loadingMilliseconds = 0, encodingMilliseconds = 0;
};

struct SideBySide
{
    TimedResult a, b;
    ModelAgreement agreement;
};

/// Encodes the picture with one after the other and asks both the same. Neither is given more threads or a warmer cache: the first encoding
/// of a process pays for fresh memory, so a caller who reports times encodes something with each before.
SideBySide runSideBySide(Segmenter &a, Segmenter &b, const Image &image, const Prompts &prompts, const Progress &progress = {});

} // namespace rekey
