// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/inspect/statistics.h"
#include "core/mapping/resolution.h"

#include <QString>

#include <optional>

namespace rekey::ui {

/// Values of one tensor of each side, counted over the same range and bins. Made on a working thread.
struct HistogramReading
{
    static constexpr std::size_t bins = 72;
    struct Series
    {
        std::uint32_t tensor = none;
        std::optional<Statistics> statistics;
        std::optional<Histogram> histogram;
        QString error;
    };
    Series source, target;
};

/// Either side may be null, either tensor none. With a `candidate` (an answer to an open question), the target is the one
/// that it would pair with the source tensor.
HistogramReading readHistograms(const CheckpointPtr &source, const CheckpointPtr &target, std::uint32_t sourceTensor,
                                std::uint32_t targetTensor, const std::optional<Rule> &candidate, const Progress &progress);

} // namespace rekey::ui
