// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

namespace rekey {

struct ConvertRequest
{
    CheckpointPtr source;
    Mapping mapping;
    CheckpointPtr target;            ///< may be a schema; null: outputSchema() of the mapping
    std::filesystem::path destination;
    std::optional<DType> dtype;      ///< for floating-point tensors; default: as in the target
    std::uint64_t maxShardBytes = 0;
    std::string wrapperKey;
    bool allowIncomplete = false;    ///< convert with open keys; recorded in the metadata
};

struct ConvertReport
{
    std::vector<std::filesystem::path> files;
    std::size_t tensors = 0;
    std::uint64_t bytes = 0;
    std::size_t filled = 0, initialised = 0, kept = 0;
    std::vector<std::string> missing;     ///< target keys that got no value and were left out
    std::vector<std::string> unexpected;  ///< source keys not used
    Rounding rounding;
    std::vector<std::string> warnings;
};

/// Writes the target, one tensor at a time, so that memory depends on the largest transformed tensor only. What stays as it is goes from
/// file to file; the runtime is loaded only if something has to be computed, and beside the work that can go on without it.
ConvertReport convertCheckpoint(const ConvertRequest &request, const Progress &progress);

/// The resolved tensor (target naming) as bytes, for tests and previews of a converted tensor.
std::vector<std::byte> convertedTensor(const ConvertRequest &request, std::size_t targetIndex);

/// Takes a converted tensor: its index in the target, and its bytes in its final dtype, row-major.
using ConvertedSink = std::function<void(std::size_t target, std::vector<std::byte> bytes)>;
/// The same for many targets, in this order, one at a time.
void convertTensors(const ConvertRequest &request, std::span<const std::size_t> targets, const ConvertedSink &sink,
                    const Progress &progress);

} // namespace rekey
