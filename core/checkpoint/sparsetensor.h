// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"

#include <span>

namespace rekey {

/// Whether the parts of a sparse tensor (indices first, values last; entry.layout says which) belong together, and every
/// index lies inside of its size: a wrong one writes outside of whatever is made dense from it. Throws Error.
/// Index tensors too large to be read when listing are warned about instead.
void checkSparse(PickleFile &file, const TensorEntry &entry, std::span<const TensorEntry> parts);

/// Whether the pieces of a nested tensor (parts: values, sizes, strides, and offsets unless those are plain integers) lie
/// in its values. Throws Error.
void checkNested(PickleFile &file, const TensorEntry &entry, std::span<const TensorEntry> parts, const Shape &offsets);

} // namespace rekey
