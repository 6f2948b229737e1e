// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <cstdint>
#include <vector>

namespace rekey::ui {

enum class Verdict : std::uint8_t { Equal, WithinTolerance, Drifts, Diverges };

/// How closely two models' masks agree.
struct Agreement
{
    double maskIou = 1;
    double maxLogitDifference = 0; ///< over the low-resolution logits
    std::uint64_t differingPixels = 0;
    std::uint64_t pixels = 0;
    bool onOutline = true; ///< every differing pixel touches the outline of the first mask
    bool empty = false; ///< neither mask has a pixel
    std::uint64_t logits = 0;
    std::uint64_t equalLogits = 0; ///< without any difference
    double tolerance = 1e-3; ///< of a logit
    Verdict verdict = Verdict::Equal;

    /// |difference| of the logits by decade, equal ones left out: from 10^lowerDecade to 10^upperDecade, evenly in the
    /// exponent. Smaller ones are counted in the first bin.
    static constexpr int binsPerDecade = 2;
    int lowerDecade = -8;
    int upperDecade = -2;
    std::vector<std::uint64_t> histogram;
};

/// Two candidates of the same picture (width as given). `tolerance`: the largest difference of logits that rounding in
/// the type of the weights explains.
Agreement compareMasks(const MaskCandidate &first, const MaskCandidate &second, int width, double tolerance);

/// For models whose weights are stored in `dtype`: 10⁻³ for 32 and 64 bits; below that the weights themselves are
/// rounded, which moves the demo's logits (−45 … 5) by up to 3·10⁻² in F16 and eight times that in BF16.
double logitTolerance(DType dtype);

} // namespace rekey::ui
