// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/suggest.h"
#include "core/suggest/valueprints.h"

#include <vector>

namespace rekey {

/// What the values of both sides prove, whatever the names say: which tensor holds the values of which, in which order
/// and layout, or what is calculated from which. Tensors are found by their digests, so time grows with the number of
/// tensors; only weights that seem to be calculated from others (folded batch norms, weight norm) are read again.
/// `guesses` (what names, structure and order suggest) only choose among equal tensors. Skipped tensors take no part.
std::vector<Pairing> provenByValues(const Checkpoint &source, const Checkpoint &target, const ValuePrints &values,
                                    const std::vector<bool> &skipSource, const std::vector<bool> &skipTarget,
                                    const std::vector<Pairing> &guesses, const Progress &progress);

/// Puts what is proven in the place of guesses, and lets the values judge the guesses that are left: what stands beside
/// proven tensors follows them, equal constants support, and where most values are equal others that differ are a
/// question. Where they differ by one factor, that becomes the transform.
void heedValues(std::vector<Pairing> &guesses, std::vector<Pairing> proven, const Schema &source, const Schema &target,
                const ValuePrints &values);

} // namespace rekey
