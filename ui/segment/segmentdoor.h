// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rekey::ui {

using Behaviour = std::map<std::string, double>;

/// What the Segment room asks of the runtime. Called on working threads. Tests put a model of their own behind it.
struct SegmentDoor
{
    std::function<std::unique_ptr<Segmenter>(const ModelWeights &, const Behaviour &overrides, const ComputeOptions &, const Progress &)>
        openSegmenter;
    std::function<Image(const std::filesystem::path &)> loadImage;
    std::function<Runtime::Info()> info;
    std::function<std::vector<ComputeDevice>()> devices;
    std::function<std::vector<PrecisionOffer>(const std::string &device)> precisions;
};

/// The real one; loads LibTorch on first use.
SegmentDoor runtimeDoor();

} // namespace rekey::ui
