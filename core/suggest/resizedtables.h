// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"
#include "core/suggest/suggest.h"

#include <optional>
#include <string>
#include <vector>

namespace rekey {

/// How a table of positions with one number of rows becomes one with another.
struct Resizing
{
    Transform transform;
    double confidence = 0; ///< below 0.9: shapes do not show which rows are meant
    std::string why;
    bool resampled = false; ///< new values: no other table is this one, a person decides
};

/// A table of positions of `from` rows × width, or of a grid of them, as one of `to` rows: the rows of class tokens cut off or
/// added in front, another grid of patches interpolated (as ViT, DeiT and DINOv2 do when they are loaded at another resolution), a shorter
/// context taken from the beginning. Nothing where that is not usual. `picture`: the rows are patches of a picture.
std::optional<Resizing> resizing(const Shape &from, const Shape &to, bool picture);

/// Position tables that are left open on both sides because their lengths differ. Each only where no other would do as well.
/// Returns those that would have to be resampled.
std::vector<Pairing> pairResizedTables(const Side &source, const Side &target, std::vector<Pairing> &pairings);

} // namespace rekey
