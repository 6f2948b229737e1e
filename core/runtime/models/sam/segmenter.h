// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/models/sam/config.h"
#include "core/runtime/embeddingcache.h"
#include "core/runtime/runtime.h"
#include "core/runtime/tensorsource.h"

namespace rekey::sam {

/// A model whose tensors are named as in segment-anything. Throws Error when a tensor is missing or has another shape.
/// `cache` may be null; it is used where `compute` asks for it.
std::unique_ptr<Segmenter> makeSegmenter(const Config &config, const TensorSourcePtr &weights, const Progress &progress,
                                         const ComputeOptions &compute = {}, std::shared_ptr<EmbeddingCache> cache = nullptr);

} // namespace rekey::sam
