// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/embeddingcache.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace rekey {

at::Tensor EmbeddingCache::find(const std::string &key)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_places.find(key);
    if (found == m_places.end()) {
        ++m_misses;
        return {};
    }
    ++m_hits;
    m_order.splice(m_order.begin(), m_order, found->second);
    return found->second->second;
}

void EmbeddingCache::insert(const std::string &key, const at::Tensor &embedding)
{
    const std::lock_guard lock(m_mutex);
    if (embedding.nbytes() > m_limit || m_places.contains(key))
        return;
    m_order.emplace_front(key, embedding);
    m_places[key] = m_order.begin();
    m_bytes += embedding.nbytes();
    shrink();
}

void EmbeddingCache::setLimit(std::uint64_t bytes)
{
    const std::lock_guard lock(m_mutex);
    m_limit = bytes;
    shrink();
}

void EmbeddingCache::shrink()
{
    while (m_bytes > m_limit) {
        m_bytes -= m_order.back().second.nbytes();
        m_places.erase(m_order.back().first);
        m_order.pop_back();
    }
}

EmbeddingCacheState EmbeddingCache::state() const
{
    const std::lock_guard lock(m_mutex);
    return {m_order.size(), m_bytes, m_limit, m_hits, m_misses};
}

namespace {

constexpr std::uint64_t odd = 0x9fb21c651e98df25;

std::uint64_t mixed(std::uint64_t lane, std::uint64_t word)
{
    return std::rotl(lane ^ (word * odd), 29) * 0xd6e8feb86659fd93;
}

} // namespace

void ContentDigest::add(std::span<const std::byte> bytes)
{
    add(bytes.size());
    std::array<std::uint64_t, 4> words {};
    while (!bytes.empty()) {
        const std::size_t count = std::min(bytes.size(), sizeof words);
        if (count < sizeof words)
            words = {};
        std::memcpy(words.data(), bytes.data(), count);
        for (std::size_t i = 0; i < words.size(); ++i)
            m_lanes[i] = mixed(m_lanes[i], words[i]);
        bytes = bytes.subspan(count);
    }
}

void ContentDigest::add(std::uint64_t number)
{
    for (std::size_t i = 0; i < m_lanes.size(); ++i)
        m_lanes[i] = mixed(m_lanes[i], number + i);
}

std::string ContentDigest::hex() const
{
    std::uint64_t high = m_lanes[0], low = m_lanes[1];
    for (const std::uint64_t lane : {m_lanes[1], m_lanes[2], m_lanes[3]})
        high = mixed(high, lane);
    for (const std::uint64_t lane : {m_lanes[3], m_lanes[0], m_lanes[2]})
        low = mixed(low, lane);
    return fmt::format("{:016x}{:016x}", high, low);
}

} // namespace rekey
