// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/keyhits.h"

#include "ui/inspect/tensortree.h"
#include "ui/theme/theme.h"

namespace rekey::ui {

KeyHits findKeyHits(const Checkpoint &checkpoint, const TensorTree &tree, const KeyFilter &filter)
{
    KeyHits hits;
    hits.accepted.resize(tree.nodes.size());
    const auto &tensors = checkpoint.schema().tensors;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (!filter.matches(tensors[i], Status::None))
            continue;
        ++hits.count;
        for (std::uint32_t node = tree.leafOf[i]; node != 0 && !hits.accepted[node]; node = tree.nodes[node].parent)
            hits.accepted[node] = true;
    }
    if (hits.count == 0)
        if (const auto closest = closestTerm(filter.text(), checkpoint.schema()))
            hits.closest = closest->term;
    return hits;
}

} // namespace rekey::ui
