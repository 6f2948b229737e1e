// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "core/inspect/comparison.h"
#include "core/mapping/resolution.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rekey {

enum class WeightVerdict : std::uint8_t {
    Equal, ///< every value the same
    WithinTolerance, ///< apart by no more than rounding to the coarser of the two dtypes explains
    Different,
    Missing, ///< nothing arrives there
};
inline constexpr std::size_t weightVerdicts = 4;
/// "equal", "within tolerance", "different", "missing".
std::string_view verdictName(WeightVerdict verdict);

/// One tensor of the target, as the mapping fills it, beside the target's own values.
struct WeightParityRow
{
    std::string key; ///< in the target
    std::uint32_t target = none; ///< its index there
    std::uint32_t rule = none; ///< the rule that fills it; none: keys were compared as they are
    std::vector<std::string> sources; ///< keys that it comes from
    WeightVerdict verdict = WeightVerdict::Missing;
    ValueDifference difference; ///< meaningful where shapes agree
    double tolerance = 0; ///< the largest difference that counts as rounding
    Shape shape, arriving; ///< of the target, and of what arrives; `arriving` is empty where nothing does
    DType dtype = DType::F32, arrivingDtype = DType::F32; ///< as stored; conversion casts to `dtype` before it is compared
    /// The other target key whose own values arrive here, where there is one: two keys of equal shape are mixed up.
    std::string holdsValuesOf;
    std::string reason; ///< one sentence where the figures do not say it: shapes, NaN, what is mixed up; else empty
};

struct WeightParity
{
    std::vector<WeightParityRow> rows; ///< in the target's order; keys that no source fills by intent (init rules) are not among them
    std::vector<std::string> warnings; ///< the mapping was made for another pair …
    std::size_t initialised = 0; ///< target keys that rules initialise: nothing to compare
    double milliseconds = 0;

    std::size_t count(WeightVerdict verdict) const;
    bool agrees() const { return count(WeightVerdict::Different) + count(WeightVerdict::Missing) == 0; }
    /// Whether what arrives has nothing to do with the target's own values, nearly nowhere: they are those of a model that was not trained
    /// yet (or was trained on its own), so that the differences say nothing about the mapping.
    bool targetLooksFresh() const;
    /// The row of a target key, or null.
    const WeightParityRow *find(std::string_view key) const;
};

struct WeightParityRequest
{
    CheckpointPtr source;
    CheckpointPtr target; ///< with the values that ought to arrive
    std::optional<Mapping> mapping; ///< nothing: keys of equal name are compared
};

/// Every target tensor as converted against the target's own values, one tensor at a time. Equal bytes are not decoded; nothing is
/// converted that is a plain copy in the same dtype, so that no LibTorch is needed for those. Throws Error when a side is a schema without
/// values.
WeightParity weightParity(const WeightParityRequest &request, const Progress &progress = {});

} // namespace rekey
