// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/schema.h"
#include "core/suggest/lexicon.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rekey {

/// A tensor of a unit: what it is there ("weight", "bias", "running_mean" …).
struct Leaf
{
    std::string kind;
    std::uint32_t tensor = 0; ///< index in the schema
};

/// What the tower that a unit stands in looks at: by its name, or by what it holds (a convolution over three colours,
/// a table of thousands of words).
enum class Modality : std::uint8_t { Unknown, Picture, Text };

/// Tensors that belong together: a convolution's weight and bias, a norm's, a lone parameter.
struct Unit
{
    std::vector<std::string> segments; ///< the module's path; for a lone parameter with a name of its own, the key
    std::vector<Leaf> leaves;          ///< the one that stands for the unit first
    Words words;                       ///< canonical
    bool inputFirst = false;           ///< by its leaf's or module's name
    bool twin = false;                 ///< within a running copy of another part (Lexicon::twins)
    bool assumed = false;              ///< what it belongs to is only usual (nameOwnersOfNorms)
    Modality modality = Modality::Unknown;

    const Leaf *find(std::string_view kind) const;
};

/// Where a fused unit's parts lie: rows (or columns) [start, start + size) of the weight; the same of a bias.
struct Part
{
    int index = -1;  ///< -1: not a part, the whole unit
    int count = 1;
    int dim = 0;     ///< of the weight; 0 for a bias
    std::int64_t start = 0;
    std::int64_t size = 0;
};

/// The least that is matched: a unit, or the q, k or v of a fused one.
struct Atom
{
    std::uint32_t unit = 0;
    Part part;
    Words words;                 ///< the unit's, with the part's role
    std::vector<Shape> shapes;   ///< by leaf of the unit
    std::uint64_t elements = 0;  ///< of the first leaf
    std::uint32_t position = 0;  ///< in the order of the network as far as it is known; shared where it is not
};

/// One side, cut into units and atoms.
struct Side
{
    const Schema *schema = nullptr;
    std::vector<Unit> units;
    std::vector<Atom> atoms;          ///< in logical order
    bool alphabetical = false;        ///< the file lists keys by name: only numbers and words like "in" tell the order

    const std::string &key(const Leaf &leaf) const { return schema->tensors[leaf.tensor].key; }
};

/// Cuts two schemas. Fused units are parted where the other side has the parts (see Lexicon::fused).
/// Tensors in `skipSource` and `skipTarget` are left out.
std::pair<Side, Side> cutIntoAtoms(const Schema &source, const Schema &target, const std::vector<bool> &skipSource,
                                   const std::vector<bool> &skipTarget);

/// Fills Unit::twin and Unit::modality.
void lookAround(Side &side);

/// "q" of "attn q", empty where the last word is no role that fused tensors have.
std::string fusedRole(const Words &words);

} // namespace rekey
