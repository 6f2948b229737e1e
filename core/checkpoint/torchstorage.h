// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"
#include "core/checkpoint/torchnames.h"

#include <string>

namespace rekey {

/// What a persistent id of a torch file says: ('storage', class, key, location, elements, …).
struct StorageId
{
    std::string key;
    StorageClass type;
    std::uint64_t elements = 0;
    std::uint64_t bytes = 0;
};

/// Reads and checks the first five items of an id that has `size` of them. Throws Error.
StorageId storageId(const PickleFile &file, PickleValue id, std::size_t size);

} // namespace rekey
