// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/proofs.h"

namespace rekey {

// Kinds of proofs, surest first: each takes what those before it left open.

/// Equal in row-major order.
void proveEqual(Proofs &proofs, DType dtype);
/// Equal once transposed, permuted, or with blocks or heads in another order.
void proveOtherLayouts(Proofs &proofs, DType dtype);
/// Several tensors after each other are one, or one is several. Matrices or vectors.
void proveJoinedAndSplit(Proofs &proofs, DType dtype, bool vectors);
/// Rows of several tensors mixed (q, k, v head by head).
void proveWoven(Proofs &proofs, DType dtype);
/// Biases beside weights whose rows were joined, split or reordered. Their values may be zeros: they only confirm.
void proveBiasesAsWeights(Proofs &proofs);

} // namespace rekey
