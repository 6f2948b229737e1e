// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/writers.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rekey {

// The writers, one file each; see Writer::write.

/// safetensors knows no shared tensors: a tied tensor is written out under each of its names, so that every loader finds
/// every key, and metadata "rekey.aliases" tells which are one ({"alias": "first name"}).
std::vector<std::filesystem::path> writeSafetensors(const std::filesystem::path &destination, const Schema &tensors,
                                                    const TensorFiller &fill, const WriteOptions &options, const Progress &progress);
/// An OrderedDict as torch.save writes it; tied tensors share a storage.
std::vector<std::filesystem::path> writeTorchZip(const std::filesystem::path &destination, const Schema &tensors, const TensorFiller &fill,
                                                 const WriteOptions &options, const Progress &progress);

/// Bytes of a tensor in a file. Throws Error for numbers that fill no whole bytes.
std::uint64_t writtenBytes(const SchemaTensor &tensor, const std::string &file);

/// Compares what was written with what was meant: tensors `indices` of `expected`, in this order. Throws Error.
void verifyWritten(const CheckpointPtr &written, const Schema &expected, const std::vector<std::size_t> &indices, const std::string &file);

} // namespace rekey
