// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/keytree.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rekey::ui {

/// The rows of the Inspect room's tree: a KeyTree in which a node of few tensors (a block) lists them directly, by what
/// is left of their keys: "attn.qkv.weight".
struct TensorTree
{
    struct Node
    {
        std::string name;
        std::uint32_t parent = 0;
        std::uint32_t row = 0;               ///< among its parent's children
        std::vector<std::uint32_t> children;
        std::vector<std::uint32_t> tensors;  ///< of a leaf: one, or one of each folded block; empty for inner nodes
        std::uint32_t repeat = 1;            ///< blocks folded into it, or numbered children when unfolded
        std::uint32_t keys = 0;
        std::uint64_t values = 0;
        std::uint64_t bytes = 0;
        std::string shapes;
        std::string path;
        bool isLeaf() const { return children.empty(); }
    };

    std::vector<Node> nodes;                 ///< nodes[0] is the invisible root
    std::vector<std::uint32_t> leafOf;       ///< by schema index
    std::uint64_t largest = 1;               ///< most values of a row, for bars

    /// Most tensors that a node lists directly.
    static constexpr std::uint32_t flatLimit = 16;
};

TensorTree buildTensorTree(const Schema &schema, Folding folding);

} // namespace rekey::ui
