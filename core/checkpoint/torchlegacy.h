// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"

namespace rekey {

/// Parses a whole torch legacy file that lies in `bytes`: fills inner.graph and inner.storages, adds the storages to
/// inner.content and returns the object. What torch.storage._load_from_bytes reads, too.
PickleValue readNestedLegacy(ByteSource bytes, PickleFile &inner);

} // namespace rekey
