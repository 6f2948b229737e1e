// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"

#include <cstddef>
#include <vector>

namespace rekey {

/// The bytes of a tensor that decides how others are read (indices, scales), while the file is being listed. Empty when
/// the file has had more of them read than limits::checkedIndices allows for.
std::vector<std::byte> smallValues(PickleFile &file, const TensorEntry &entry);

} // namespace rekey
