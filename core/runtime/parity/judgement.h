// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"

#include <string>
#include <vector>

namespace rekey {

/// The error of `checked` beside `reference`, as many values.
LayerError layerError(std::span<const float> checked, std::span<const float> reference);

struct BehaviourDifference
{
    std::string name; ///< "decoder_norm_eps": one that begins with a section's name concerns that section alone
    std::string text; ///< "decoder_norm_eps 1e-05 and 1e-06"
};

/// Verdicts and reasons of all rows, in depth order, then the first divergence, the verdict over all and its summary. Rows have their
/// errors, weights and keys. `behaviour`: how the two implementations are known to differ.
void judge(ActivationParity &parity, const std::vector<BehaviourDifference> &behaviour);

} // namespace rekey
