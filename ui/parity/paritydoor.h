// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"
#include "core/runtime/parity/weightparity.h"

#include <filesystem>
#include <functional>

namespace rekey::ui {

/// What the Parity room asks of core. Called on working threads. Tests put comparisons of their own behind it.
struct ParityDoor
{
    std::function<WeightParity(const WeightParityRequest &, const Progress &)> weights;
    std::function<ActivationParity(const ModelParityRequest &, const Progress &)> models;
    std::function<ActivationParity(const RecordedParityRequest &, const Progress &)> recorded;
    std::function<ActivationParity(const FileParityRequest &, const Progress &)> files;
    std::function<Image(const std::filesystem::path &)> loadImage;
    std::function<CheckpointPtr(const std::filesystem::path &, const Progress &)> open;
};

/// The real one; loads LibTorch when a model runs.
ParityDoor coreParityDoor();

} // namespace rekey::ui
