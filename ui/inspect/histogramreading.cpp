// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/histogramreading.h"

#include "core/base/error.h"

#include <algorithm>

namespace rekey::ui {

namespace {

bool readable(const CheckpointPtr &checkpoint, std::uint32_t tensor)
{
    return checkpoint && checkpoint->hasValues() && tensor < checkpoint->tensors().size()
           && isDecodable(checkpoint->tensors()[tensor].dtype) && checkpoint->tensors()[tensor].elements() > 0;
}

/// What an answer would pair with the selected tensor.
void followCandidate(HistogramReading &reading, const Rule &candidate, const Checkpoint &source, const Checkpoint &target)
{
    const std::uint32_t selected = reading.source.tensor;
    Mapping mapping;
    mapping.rules = {candidate};
    for (const Assignment &assignment : resolve(mapping, source.schema(), target.schema()).assignments) {
        const bool hit = std::find(assignment.sources.begin(), assignment.sources.end(), selected) != assignment.sources.end();
        if ((!hit && selected != none) || assignment.targets.empty() || assignment.sources.empty())
            continue;
        reading.source.tensor = hit ? selected : assignment.sources.front();
        reading.target.tensor = assignment.targets.front();
        return;
    }
}

/// Statistics of a series, and the range that shows its values; a file that cannot be read says so in the series.
std::optional<ValueRange> measure(const CheckpointPtr &checkpoint, HistogramReading::Series &series, const Progress &progress)
{
    if (!readable(checkpoint, series.tensor))
        return std::nullopt;
    try {
        series.statistics = statistics(*checkpoint, series.tensor, progress);
        return series.statistics->finite > 0 ? std::optional(displayRange(*checkpoint, series.tensor)) : std::nullopt;
    } catch (const Cancelled &) {
        throw;
    } catch (const std::exception &error) {
        series.error = QString::fromUtf8(error.what());
        return std::nullopt;
    }
}

} // namespace

HistogramReading readHistograms(const CheckpointPtr &source, const CheckpointPtr &target, std::uint32_t sourceTensor,
                                std::uint32_t targetTensor, const std::optional<Rule> &candidate, const Progress &progress)
{
    HistogramReading reading;
    reading.source.tensor = sourceTensor;
    reading.target.tensor = targetTensor;
    if (candidate && source && target)
        followCandidate(reading, *candidate, *source, *target);
    const auto a = measure(source, reading.source, progress.part(0, 0.3)), b = measure(target, reading.target, progress.part(0.3, 0.6));
    if (!a && !b)
        return reading;
    const ValueRange range = a && b ? united(*a, *b) : a ? *a : *b;
    constexpr std::size_t bins = HistogramReading::bins;
    if (a)
        reading.source.histogram = histogram(*source, reading.source.tensor, range.lower, range.upper, bins, progress.part(0.6, 0.8));
    if (b)
        reading.target.histogram = histogram(*target, reading.target.tensor, range.lower, range.upper, bins, progress.part(0.8, 1));
    return reading;
}

} // namespace rekey::ui
