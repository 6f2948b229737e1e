// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rekey::ui {

/// The same tensor in every repeated block: blocks.0.attn.qkv.weight, blocks.1.attn.qkv.weight …
struct BlockFamily
{
    struct Member
    {
        std::int64_t block = 0;     ///< the number that varies
        std::uint32_t tensor = 0;
        bool operator==(const Member &) const = default;
    };

    std::string leaf;                ///< after the number: "attn.qkv.weight"; the whole key when nothing repeats
    std::vector<Member> members;     ///< ascending by block; the tensor alone when nothing repeats
    /// Equal parts along dimension 0 that are tensors of their own elsewhere: {"q", "k", "v"}. Empty for a plain tensor.
    std::vector<std::string> parts;
    /// True sentences about what is not alike among the blocks: shapes of this tensor and of its neighbours.
    std::vector<std::string> notes;
};

/// The family of a tensor: others of as many dimensions whose keys differ in a number only. Where several numbers of its key vary, the one
/// with the most blocks (the outermost of equals). Walks the schema once.
BlockFamily blockFamily(const Schema &schema, std::uint32_t tensor);

/// Names of the parts that a fused projection holds along dimension 0, when its name and its shape both say so: `qkv`
/// and `in_proj` of three times the input, `kv` of twice. Projections that interleave heads (`query_key_value`) or
/// fuse along dimension 1 (GPT-2's `c_attn`) are not among them.
std::vector<std::string> fusedParts(const std::string &key, const Shape &shape);

} // namespace rekey::ui
