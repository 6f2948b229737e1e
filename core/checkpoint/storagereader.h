// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpointdata.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace rekey {

/// Gets at the values of a listed file: resolves strides, inflates, swaps bytes, verifies checksums on first use.
/// Thread-safe.
class StorageReader
{
public:
    explicit StorageReader(const CheckpointContent &content);
    ~StorageReader();

    /// See Checkpoint::view(), Checkpoint::read() and Checkpoint::stream().
    std::span<const std::byte> view(const TensorEntry &entry) const;
    void read(const TensorEntry &entry, std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const;
    void stream(const TensorEntry &entry, std::uint64_t first, std::uint64_t count, std::uint64_t blockElements,
                const std::function<void(std::span<const std::byte>)> &sink) const;

    /// Reads the whole record and compares its CRC-32; once per record. Throws Error.
    void verify(std::uint32_t storage) const;

private:
    struct Inflater;

    bool isVerified(std::uint32_t storage) const;
    void settle(std::uint32_t storage, std::uint32_t sum) const;
    std::optional<std::uint64_t> beginInPlace(const TensorEntry &entry) const;
    bool fillsRecord(const TensorEntry &entry) const;
    void copy(std::uint32_t storage, std::uint64_t begin, std::span<std::byte> out) const;
    void inflate(std::uint32_t storage, std::uint64_t begin, std::span<std::byte> out) const;
    std::span<const std::byte> whole(std::uint32_t storage, std::shared_ptr<const std::vector<std::byte>> &keep) const;
    void gather(const TensorEntry &entry, std::uint64_t first, std::span<std::byte> out) const;

    const CheckpointContent &m_content;
    std::unique_ptr<std::atomic<std::uint8_t>[]> m_verified; ///< per storage: 0 not yet, 1 right, 2 wrong
    mutable std::mutex m_inflating;
    mutable std::unique_ptr<Inflater> m_inflater; ///< the last one, which consecutive reads go on with
    mutable std::uint32_t m_wholeStorage = 0;
    mutable std::shared_ptr<const std::vector<std::byte>> m_whole; ///< the last record that had to be inflated at once
};

/// Whether a tensor's bytes are compressed, so that a part of them cannot be had without all before it.
bool isCompressed(const Checkpoint &checkpoint, std::size_t tensor);

} // namespace rekey
