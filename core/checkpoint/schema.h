// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/dtype.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rekey {

using Shape = std::vector<std::int64_t>;

/// Product of the dimensions; the shape has passed a reader, so it does not overflow.
std::uint64_t elementCount(const Shape &shape);
/// "480×160"; "scalar" for rank 0.
std::string shapeText(const Shape &shape);

/// One row of a schema: what a key is, without its data.
struct SchemaTensor
{
    std::string key;
    Shape shape;
    DType dtype = DType::F32;
    /// Index of the first tensor of the schema that shares exactly these bytes (tied weights); its own index otherwise.
    std::uint32_t tiedTo = 0;

    bool operator==(const SchemaTensor &) const = default;
};

/// Names, shapes and dtypes in file order: all that mapping and matching look at. A schema's index of a tensor is
/// the index in the Checkpoint that it was taken from.
struct Schema
{
    std::string name;
    std::vector<SchemaTensor> tensors;

    bool operator==(const Schema &) const = default;
};

/// Finds a key's index. Keeps views into the schema, which must outlive it and stay unchanged.
class SchemaIndex
{
public:
    explicit SchemaIndex(const Schema &schema);
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);
    std::size_t find(std::string_view key) const;

private:
    std::unordered_map<std::string_view, std::size_t> m_index;
};

} // namespace rekey
