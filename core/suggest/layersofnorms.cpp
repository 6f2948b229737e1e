// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/layersofnorms.h"

#include "core/suggest/beliefs.h"

#include <algorithm>
#include <map>
#include <optional>

namespace rekey {

namespace {

using Atoms = std::vector<std::uint32_t>;

struct Members
{
    Atoms layers, norms;
};

const std::string &nameOf(const Side &side, std::uint32_t atom) { return side.units[side.atoms[atom].unit].segments.back(); }

/// Whether one of the layer's outer dimensions is the norm's width (frameworks differ in which is the output).
bool isAsWide(const Side &side, std::uint32_t layer, std::uint32_t norm)
{
    const Shape &shape = side.atoms[layer].shapes.front();
    const std::int64_t width = side.atoms[norm].shapes.front().front();
    return shape.front() == width || shape.back() == width || (shape.size() > 1 && shape[1] == width);
}

bool isNumber(const std::string &name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "1" of "bn1"; "block1_2" of "block1_2_bn": what layers and their norms share.
std::string stemOf(const std::string &name)
{
    if (const std::size_t at = name.find_last_of('_'); at != std::string::npos && !isNumber(name.substr(at + 1)))
        return name.substr(0, at);
    const std::size_t digits = name.find_last_not_of("0123456789");
    return digits == std::string::npos ? name : name.substr(digits + 1);
}

/// The layer that stands right before a norm in a numbered list.
std::optional<std::uint32_t> before(const Side &side, std::uint32_t norm, const Members &members)
{
    if (!isNumber(nameOf(side, norm)))
        return std::nullopt;
    const auto place = [&](std::uint32_t atom) { return std::stoull("0" + nameOf(side, atom).substr(0, 9)); };
    std::optional<std::uint32_t> best;
    for (const std::uint32_t layer : members.layers)
        if (isNumber(nameOf(side, layer)) && place(layer) < place(norm) && (!best || place(layer) > place(*best)))
            best = layer;
    return best;
}

std::optional<std::uint32_t> layerOf(const Side &side, std::uint32_t norm, const Members &members)
{
    if (const auto layer = before(side, norm, members))
        return layer;
    if (members.layers.size() == 1 && members.norms.size() == 1)
        return members.layers.front();
    std::optional<std::uint32_t> found;
    for (const std::uint32_t layer : members.layers) {
        const std::string stem = stemOf(nameOf(side, layer));
        if (stem.empty() || stem != stemOf(nameOf(side, norm)))
            continue;
        if (found)
            return std::nullopt;
        found = layer;
    }
    return found;
}

} // namespace

std::vector<std::uint32_t> layersOfNorms(const Side &side)
{
    std::map<std::vector<std::string>, Members> modules;
    for (std::uint32_t a = 0; a < side.atoms.size(); ++a) {
        const Atom &atom = side.atoms[a];
        const Unit &unit = side.units[atom.unit];
        if (atom.part.index >= 0 || unit.segments.empty() || atom.shapes.front().empty())
            continue;
        const bool isNorm = atom.shapes.front().size() == 1 && unit.find("running_mean") != nullptr;
        if (!isNorm && atom.shapes.front().size() < 2)
            continue;
        Members &members = modules[{unit.segments.begin(), unit.segments.end() - 1}];
        (isNorm ? members.norms : members.layers).push_back(a);
    }
    std::vector<std::uint32_t> result(side.atoms.size(), noAtom);
    std::vector<bool> taken(side.atoms.size());
    for (const auto &[path, members] : modules)
        for (const std::uint32_t norm : members.norms)
            if (const auto layer = layerOf(side, norm, members); layer && !taken[*layer] && isAsWide(side, *layer, norm)) {
                result[norm] = *layer;
                taken[*layer] = true;
            }
    return result;
}

} // namespace rekey
