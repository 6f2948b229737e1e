// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentdoor.h"

namespace rekey::ui {

SegmentDoor runtimeDoor()
{
    return {
        [](const ModelWeights &weights, const Behaviour &overrides, const ComputeOptions &compute, const Progress &progress) {
            return runtime().openSegmenter(weights, overrides, progress, compute);
        },
        [](const std::filesystem::path &path) { return loadImage(path); },
        [] { return runtime().info(); },
        [] { return runtime().devices(); },
        [](const std::string &device) { return runtime().precisions(device); },
    };
}

} // namespace rekey::ui
