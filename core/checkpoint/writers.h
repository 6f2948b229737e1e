// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/schema.h"

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rekey {

/// Takes the next bytes of the tensor being written; any chunking.
using ByteSink = std::function<void(std::span<const std::byte>)>;
/// Pushes all bytes (row-major, little-endian) of tensor `index` into the sink. Called once per tensor that is not
/// tied to an earlier one, in ascending order of index.
using TensorFiller = std::function<void(std::size_t index, const ByteSink &)>;

struct WriteOptions
{
    std::uint64_t maxShardBytes = 0;              ///< 0: one file
    std::map<std::string, std::string> metadata;  ///< safetensors __metadata__; "format": "pt" is added
    std::string wrapperKey;                       ///< .pth only: {"model": state_dict}
    std::vector<std::filesystem::path> inputs;    ///< never overwritten: writing over one of them is an Error
};

struct Writer
{
    std::string_view name;        ///< "safetensors", "torch-zip"
    std::string_view description; ///< "safetensors (*.safetensors)"
    std::vector<std::string_view> extensions;
    /// Writes beside the destination and renames when complete and verified; on any failure nothing is left.
    /// Returns the files written (shards, index).
    std::vector<std::filesystem::path> (*write)(const std::filesystem::path &destination, const Schema &tensors,
                                                const TensorFiller &fill, const WriteOptions &options,
                                                const Progress &progress);
};

/// Every writer; adding one is adding a row.
std::span<const Writer> writers();
/// By the destination's extension. Throws Error naming the known ones.
const Writer &writerFor(const std::filesystem::path &destination);

/// "5GB", "500MiB", "1000000" to bytes. Throws Error.
std::uint64_t parseByteSize(std::string_view text);

} // namespace rekey
