// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/agreement.h"
#include "ui/segment/maskpicture.h"
#include "ui/segment/segmentdoor.h"

#include <QString>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace rekey::ui {

/// A model and what is embedded in it. Locked by whichever job uses it; a job that still holds one that was replaced
/// keeps it alive and lets go of it in its own time.
struct SegmentEngine
{
    std::mutex mutex;
    std::unique_ptr<Segmenter> segmenter;
    quint64 embeddedPicture = 0; ///< 0: none
};

/// What a run needs, taken on the GUI thread; everything below works on values and any thread.
struct SegmentTask
{
    std::shared_ptr<SegmentEngine> engine;
    ModelWeights weights;
    Behaviour overrides;
    ComputeOptions compute;
    std::shared_ptr<const Image> image;
    quint64 picture = 0; ///< its number
    Prompts prompts;
    double tolerance = 1e-3;
    std::shared_ptr<const SegmentResult> other; ///< of the other model, to compare with; may be null
    SegmentDoor door;
};

struct SegmentOutcome
{
    QString error; ///< why it failed; then nothing else is there
    QString description;
    int imageSize = 0;
    Behaviour behaviour;
    double loading = 0, encoding = 0, total = 0; ///< milliseconds
    bool cached = false; ///< the embedding came from the cache
    std::shared_ptr<const SegmentResult> result;
    std::vector<MaskPicture> masks;
    std::vector<Agreement> agreements;
    std::optional<Runtime::Info> info;
    Prompts prompts;
};

/// Loads, encodes and predicts, as far as needed. Throws Cancelled; other failures are in the outcome.
SegmentOutcome runSegmentTask(const SegmentTask &task, const Progress &progress);
/// Opens the model if it is not open. The engine is locked by the caller.
Segmenter &openedSegmenter(const SegmentTask &task, const Progress &progress);

} // namespace rekey::ui
