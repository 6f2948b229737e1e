// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/atoms.h"

namespace rekey {

/// Tells for every norm of a transformer block which of the block's sublayers (self-attention, cross-attention, feed-forward)
/// it belongs to, and adds that to its words ("of:attn"). A name may say it ("self_attn_layer_norm", "mlp_ln"), or the place
/// ("attention.output.LayerNorm"); numbered norms ("norm2") belong to the sublayers in the order in which these are registered,
/// whatever that is: in some decoders norm1 is the cross-attention's. Blocks where this does not come out even are left alone.
/// Needs Side::alphabetical: a sorted file has lost that order, so that there it is only assumed.
void nameOwnersOfNorms(Side &side);

} // namespace rekey
