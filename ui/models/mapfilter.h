// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/inspect/keytree.h"
#include "core/mapping/resolution.h"
#include "ui/models/keyfilter.h"

#include <memory>
#include <optional>
#include <vector>

namespace rekey::ui {

/// What a filter leaves of the Map room: rows of both trees by node, rules by index.
struct FilterResult
{
    std::shared_ptr<const std::vector<bool>> source, target;
    std::vector<bool> rules;
    std::size_t rows = 0;
    std::optional<ClosestTerm> closest;
};

/// For a worker thread. Either side may be missing.
FilterResult evaluateFilter(const KeyFilter &filter, const std::shared_ptr<const KeyTree> &sourceTree,
                            const std::shared_ptr<const KeyTree> &targetTree, const std::shared_ptr<const Schema> &source,
                            const std::shared_ptr<const Schema> &target, const std::vector<Status> &sourceStatus,
                            const std::vector<Status> &targetStatus, const std::shared_ptr<const Resolution> &resolution,
                            const Progress &progress);

} // namespace rekey::ui
