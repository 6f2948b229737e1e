// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <cstddef>
#include <string>
#include <vector>

namespace rekey {

/// How many segments of a path lead to a running copy ("model_ema", "teacher"; Lexicon::twins) and name it; 0 where none does.
std::size_t segmentsToTwin(const std::vector<std::string> &segments);

/// Which tensors only repeat others as a running copy of a whole part: "ema_model.module.net.w" beside "model.net.w" of the same shape.
/// Copies whose names lost their dots (LitEma of Stable Diffusion) are found as well. All false where less than nearly all of a
/// copy has its original.
std::vector<bool> twinCopies(const Schema &schema);

/// The same for parts that hold equal keys of equal shapes though no name says which one is the copy ("net", "other"): all but the
/// first of each such kind. Only parts that stand at the top of the file.
std::vector<bool> equalParts(const Schema &schema);

} // namespace rekey
