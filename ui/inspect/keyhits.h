// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "ui/models/keyfilter.h"

#include <QString>

#include <vector>

namespace rekey::ui {

struct TensorTree;

/// Nodes of a tree that a filter leaves: rows with hits, and what leads to them.
struct KeyHits
{
    std::vector<bool> accepted; ///< by node
    quint64 count = 0; ///< keys
    QString closest; ///< without hits: the nearest word that would have some
};
KeyHits findKeyHits(const Checkpoint &checkpoint, const TensorTree &tree, const KeyFilter &filter);

} // namespace rekey::ui
