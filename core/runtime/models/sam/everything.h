// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/everythingsteps.h"
#include "core/runtime/models/sam/maskdecoder.h"
#include "core/runtime/models/sam/picture.h"

namespace rekey::sam {

/// What answers to points: a model with a picture's embedding.
struct PointModel
{
    const PromptEncoder &prompts;
    const MaskDecoder &decoder;
    at::Tensor embedding;
    Picture picture;
    std::int64_t imageSize;
};

/// Candidates at each point (three a point, in the points' order) that pass the options' thresholds; masks and points in the picture's
/// pixels. Points are decoded one by one, several threads at a time, so results do not depend on which others are asked.
std::vector<EverythingMask> masksAtPoints(const PointModel &model, const std::vector<std::array<double, 2>> &points,
                                          const EverythingOptions &options, const EverythingListener &listener, const Progress &progress);

} // namespace rekey::sam
