// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentengine.h"

#include "core/base/error.h"

#include <QElapsedTimer>

#include <algorithm>

namespace rekey::ui {

Segmenter &openedSegmenter(const SegmentTask &task, const Progress &progress)
{
    SegmentEngine &engine = *task.engine;
    if (!engine.segmenter) {
        progress.step(0, 1, "loading the model");
        engine.segmenter = task.door.openSegmenter(task.weights, task.overrides, task.compute, progress);
        engine.embeddedPicture = 0;
    }
    return *engine.segmenter;
}

SegmentOutcome runSegmentTask(const SegmentTask &task, const Progress &progress)
{
    SegmentOutcome outcome;
    outcome.prompts = task.prompts;
    QElapsedTimer timer;
    timer.start();
    SegmentEngine &engine = *task.engine;
    const std::lock_guard lock(engine.mutex);
    progress.check();
    try {
        Segmenter &segmenter = openedSegmenter(task, progress.part(0, 0.1));
        if (engine.embeddedPicture != task.picture) {
            engine.embeddedPicture = 0;
            progress.step(10, 100, "encoding the picture");
            segmenter.setImage(*task.image, progress.part(0.1, 0.99));
            engine.embeddedPicture = task.picture;
        }
        outcome.result = std::make_shared<const SegmentResult>(segmenter.predict(task.prompts));
    } catch (const Cancelled &) {
        throw;
    } catch (const std::exception &error) {
        outcome.error = QString::fromUtf8(error.what());
        return outcome;
    }
    const Segmenter &segmenter = *engine.segmenter;
    outcome.description = QString::fromStdString(segmenter.description());
    outcome.imageSize = segmenter.imageSize();
    outcome.behaviour = segmenter.behaviour();
    outcome.loading = segmenter.loadingMilliseconds();
    outcome.encoding = segmenter.encodingMilliseconds();
    outcome.cached = segmenter.embeddingWasCached();
    outcome.total = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    outcome.info = task.door.info ? std::optional(task.door.info()) : std::nullopt;
    for (const MaskCandidate &mask : outcome.result->masks)
        outcome.masks.push_back(maskPicture(mask.pixels, outcome.result->width, outcome.result->height));
    for (std::size_t i = 0; task.other && i < std::min(task.other->masks.size(), outcome.result->masks.size()); ++i)
        outcome.agreements.push_back(compareMasks(task.other->masks[i], outcome.result->masks[i], outcome.result->width, task.tolerance));
    return outcome;
}

} // namespace rekey::ui
