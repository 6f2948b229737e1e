// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"

#include <optional>
#include <string>
#include <vector>

namespace rekey {

/// What a call stands for when it rebuilds a tensor.
struct PickledTensor
{
    TensorEntry entry;
    std::vector<TensorEntry> parts;     ///< of sparse and nested tensors, at entry.path + name
    std::vector<PickleValue> attributes; ///< dicts of values that travel with the tensor
    std::optional<PickleValue> hooks;   ///< backward hooks that are not an empty dict
};

/// Reads the value as a tensor if it is one of the calls that PyTorch writes tensors as; nothing for anything else.
/// Throws Error when it is one, but its numbers lie.
std::optional<PickledTensor> pickledTensor(PickleFile &file, PickleValue value, const Path &path);

/// A storage listed on its own, as 1-D.
TensorEntry pickledStorage(PickleFile &file, PickleValue persistent, const Path &path);

/// A tuple of natural numbers, also as torch.Size; nothing for anything else.
std::optional<Shape> pickledShape(const PickleFile &file, PickleValue value);

} // namespace rekey
