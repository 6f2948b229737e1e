// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// What a model is run on and how exactly.

namespace rekey {

/// Of the matrix products of the image encoder; everything else is computed in fp32 in either case.
enum class Precision : std::uint8_t { F32, BF16, F16 };
const char *precisionName(Precision precision); ///< "fp32", "bf16", "fp16"

struct ComputeDevice
{
    std::string id;                ///< "cpu", "cuda:0"
    std::string name;              ///< "Intel Xeon, 2 threads", "NVIDIA H100"
    std::uint64_t memoryBytes = 0; ///< of a CUDA device; 0: the machine's
};

/// One row of a choice of precisions, as measured on a device.
struct PrecisionOffer
{
    Precision precision = Precision::F32;
    bool offered = true;      ///< whether it is faster than fp32 here, or fp32 itself
    double timesAsFast = 1;   ///< speed of a matrix product of an encoder's shape; fp32 is 1
    std::string reason;       ///< "1.9 times as fast as fp32", "slower than fp32 on this processor (0.6 times)"
};

struct ComputeOptions
{
    Precision precision = Precision::F32;
    std::string device = "cpu";   ///< the id of a ComputeDevice
    /// Keep embeddings in the runtime's cache and take them from there: setImage() with a picture that the same weights have seen costs
    /// next to nothing. Not while a trace is set.
    bool cacheEmbeddings = false;
    bool operator==(const ComputeOptions &) const = default;
};

/// The cache of image embeddings that all models of this process share, keyed by the picture's pixels, the encoder's weights (their values)
/// and how it computes. The least recently used go first.
struct EmbeddingCacheState
{
    std::size_t embeddings = 0;
    std::uint64_t bytes = 0, limitBytes = 0;
    std::uint64_t hits = 0, misses = 0;
};

} // namespace rekey
