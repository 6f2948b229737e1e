// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/compute.h"

#include <ATen/ATen.h>

#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <span>
#include <string>

namespace rekey {

/// Image embeddings by key, up to a limit of memory; the least recently used go first. Thread-safe.
class EmbeddingCache
{
public:
    explicit EmbeddingCache(std::uint64_t limitBytes)
        : m_limit(limitBytes)
    {
    }

    /// Undefined where there is none. Never write to it.
    at::Tensor find(const std::string &key);
    void insert(const std::string &key, const at::Tensor &embedding);
    void setLimit(std::uint64_t bytes);
    EmbeddingCacheState state() const;

private:
    void shrink();

    using Order = std::list<std::pair<std::string, at::Tensor>>;
    mutable std::mutex m_mutex;
    Order m_order; ///< most recently used first
    std::map<std::string, Order::iterator> m_places;
    std::uint64_t m_bytes = 0, m_limit, m_hits = 0, m_misses = 0;
};

/// 128 bits that tell contents apart, at about the speed of memory. Not for contents that somebody makes alike on purpose.
class ContentDigest
{
public:
    void add(std::span<const std::byte> bytes);
    void add(std::uint64_t number);
    std::string hex() const;

private:
    std::array<std::uint64_t, 4> m_lanes = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0x27d4eb2f165667c5};
};

} // namespace rekey
