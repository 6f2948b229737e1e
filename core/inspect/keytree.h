// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rekey {

/// The keys of a schema as a tree of segments, in natural number order (2 before 10) among numbers and in file order
/// otherwise. Folded, the numbered children of a node that look alike share one set of rows (`blocks ×6` shows
/// norm1, attn, mlp once) and a leaf stands for several tensors. A chain of single children is one row
/// ("patch_embed.proj").
struct KeyTree
{
    static constexpr std::uint32_t root = 0;

    struct Node
    {
        std::string name;                    ///< one or more segments
        std::uint32_t parent = root;
        std::vector<std::uint32_t> children;
        std::vector<std::uint32_t> tensors;  ///< of a leaf: schema indices, ascending by block; empty for inner nodes
        std::uint32_t repeat = 1;            ///< ×6 on the row whose numbered children are folded
        std::uint32_t keys = 0;              ///< tensors below and here
        std::uint64_t values = 0;            ///< elements below and here
        std::uint64_t bytes = 0;
        std::string shapes;                  ///< "15×32, 31×32" of a leaf; of a node whose leaves are all tensors: "64×64, 64"
        std::string path;                    ///< template from the root, "image_encoder.blocks.{i}.norm1"
    };

    std::vector<Node> nodes;                 ///< nodes[0] is the invisible root
    std::vector<std::uint32_t> leafOf;       ///< by schema index: the leaf that stands for it

    const Node &at(std::uint32_t node) const { return nodes[node]; }
    /// All schema indices below a node, in file order.
    std::vector<std::uint32_t> tensorsBelow(std::uint32_t node) const;
};

enum class Folding : std::uint8_t { Unfolded, Folded };
KeyTree buildKeyTree(const Schema &schema, Folding folding);

/// A key with its number segments lifted out: "blocks.{}.norm1.weight" and [0].
struct Template { std::string text; std::vector<std::int64_t> numbers; };
Template keyTemplate(std::string_view key);

/// Natural order of keys: numbers by value.
bool naturalLess(std::string_view a, std::string_view b);

} // namespace rekey
