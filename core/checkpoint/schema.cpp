// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/schema.h"

#include <fmt/format.h>

namespace rekey {

std::uint64_t elementCount(const Shape &shape)
{
    std::uint64_t count = 1;
    for (const std::int64_t dimension : shape)
        count *= static_cast<std::uint64_t>(dimension);
    return count;
}

std::string shapeText(const Shape &shape)
{
    if (shape.empty())
        return "scalar";
    return fmt::format("{}", fmt::join(shape, "×"));
}

SchemaIndex::SchemaIndex(const Schema &schema)
{
    m_index.reserve(schema.tensors.size());
    for (std::size_t i = 0; i < schema.tensors.size(); ++i)
        m_index.emplace(schema.tensors[i].key, i);
}

std::size_t SchemaIndex::find(std::string_view key) const
{
    const auto found = m_index.find(key);
    return found == m_index.end() ? npos : found->second;
}

} // namespace rekey
