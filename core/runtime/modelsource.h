// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/architectures.h"
#include "core/runtime/runtime.h"
#include "core/runtime/tensorsource.h"

namespace rekey {

/// The tensors of a model under the runtime's own names for its architecture, whatever they are called in the files.
struct ModelSource
{
    TensorSourcePtr tensors;
    const Architecture *architecture = nullptr;
    const Naming *naming = nullptr;  ///< of the files
    std::vector<std::string> storedKeys; ///< by index of `tensors`: its key in the file, or in the target of the mapping
    CheckpointPtr described;         ///< the checkpoint beside which a description of this model may lie
};

/// Nothing is read or converted before it is asked for. Throws Error when no known architecture fits.
ModelSource modelSource(const ModelWeights &weights);

} // namespace rekey
