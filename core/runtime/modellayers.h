// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/comparison.h"

#include <string>
#include <vector>

namespace rekey {

/// A layer as a trace shows it. Names of keys and modules are the runtime's own for the architecture: those of the naming that
/// architectures() lists first.
struct TracedLayer
{
    std::string name; ///< as a TraceSink gets it: "encoder.blocks.3.attn"
    std::string module; ///< whose output it is: "image_encoder.blocks.3.attn"; empty: of no module
    std::vector<std::string> inputs; ///< traced layers whose results it computes with
    std::vector<std::string> keys; ///< of its weights, or what they begin with, up to a dot: "image_encoder.blocks.3.attn."
    bool perPrompt = false; ///< computed by predict() rather than by setImage()
};

/// One weight of a model.
struct ModelKey
{
    std::string own; ///< the runtime's name for it
    std::string stored; ///< the name in the checkpoint, or in the target that a mapping fills
    Shape shape;
};

/// One weight of two models of one architecture.
struct ModelKeyDifference
{
    std::string own;
    std::string storedA, storedB;
    Shape shapeA, shapeB; ///< values are compared where these are equal
    DType dtypeA = DType::F32, dtypeB = DType::F32; ///< with which the values came
    ValueDifference difference; ///< of A's values from B's
    /// The key of A whose values B has under this one, where they are another key's: two keys are mixed up. Else empty.
    std::string holdsValuesOf;
    std::string reason; ///< why there is no value to compare; else empty
};

} // namespace rekey
