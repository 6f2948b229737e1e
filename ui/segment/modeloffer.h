// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <QString>

#include <optional>

namespace rekey::ui {

class Session;

/// What the open pair offers to run.
struct ModelOffer
{
    std::optional<ModelWeights> weights;
    QString blocked; ///< without weights: what to do; empty when nothing is open
    double tolerance = 1e-3; ///< of a logit, for the type of the weights
};

/// Of the first tensor of floating-point numbers; F32 without one.
DType floatType(const Checkpoint &checkpoint);

/// The source as it is.
ModelOffer originalModel(const Session &session);
/// The target, filled from the source through the rules; blocked while a target key is open.
ModelOffer convertedModel(Session &session);

} // namespace rekey::ui
