// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "core/suggest/proofs.h"

namespace rekey {

// Kinds of proofs, surest first: each takes what those before it left open.

/// Equal in row-major order.
void proveEqual(Proofs &proofs, DType dtype);
/// Equal once transposed, permuted, or with blocks or heads in another order.
void proveOtherLayouts(Proofs &proofs, DType dtype);
/// Several tensors after each other are one, or one is several. Matrices or vectors.
void proveJoinedAndSplit(Proofs &proofs, DType dtype, bool vectors);
/// Rows of several tensors mixed (q, k, v head by head). Matrices or vectors.
void proveWoven(Proofs &proofs, DType dtype, bool vectors);
/// Biases beside weights whose rows were joined, split or reordered. Their values may be zeros: they only confirm.
void proveBiasesBesideWeights(Proofs &proofs);
/// Vectors that are joined, split or reordered as some weight is.
void proveBiasesAsSomeWeight(Proofs &proofs, DType dtype);
/// Vectors with zeros between them are one, or parts of one, with nothing but zeros beside them (q_bias and v_bias).
void proveWithZeros(Proofs &proofs, DType dtype);
/// Vectors of which one is the other + 1, − 1 or negated.
void proveShifted(Proofs &proofs);

/// Where values are read that digests do not tell.
struct OpenFiles
{
    const Checkpoint &source, &target;
    const Progress &progress;
};
/// A weight and the direction and length that weight norm keeps of it, before equal directions are taken for copies.
void proveSplitWeightNorms(Proofs &proofs, const OpenFiles &files);
void proveFusedWeightNorms(Proofs &proofs, const OpenFiles &files);
/// Convolutions and linear layers with the batch norm after them folded in.
void proveFoldedBatchNorms(Proofs &proofs, const OpenFiles &files);

} // namespace rekey
