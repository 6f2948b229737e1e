// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/schema.h"

#include <filesystem>
#include <string>

namespace rekey {

/// What can still be said of a safetensors checkpoint whose data are cut off or missing: its headers list every key.
struct KeysOnly
{
    Schema schema;
    std::size_t complete = 0; ///< tensors whose bytes all lie in their file
    std::string firstCut;     ///< the first key whose bytes do not; empty when all do
    std::size_t files = 0;    ///< whose headers were read
};

/// Reads the headers alone: of a safetensors file, of all of them in a folder, or of those beside a shard index. Throws
/// Error when there is none, or a header itself cannot be read.
KeysOnly readKeysOnly(const std::filesystem::path &path, const Progress &progress = {});

} // namespace rekey
