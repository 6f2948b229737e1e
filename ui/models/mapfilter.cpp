// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/mapfilter.h"

#include "ui/models/keytreemodel.h"

#include <algorithm>

namespace rekey::ui {

FilterResult evaluateFilter(const KeyFilter &filter, const std::shared_ptr<const KeyTree> &sourceTree,
                            const std::shared_ptr<const KeyTree> &targetTree, const std::shared_ptr<const Schema> &source,
                            const std::shared_ptr<const Schema> &target, const std::vector<Status> &sourceStatus,
                            const std::vector<Status> &targetStatus, const std::shared_ptr<const Resolution> &resolution,
                            const Progress &progress)
{
    FilterResult result;
    const auto side
        = [&](const std::shared_ptr<const KeyTree> &tree, const std::shared_ptr<const Schema> &schema, const std::vector<Status> &status) {
              if (!tree || !schema)
                  return std::shared_ptr<const std::vector<bool>>();
              auto visible = std::make_shared<const std::vector<bool>>(visibleNodes(*tree, *schema, status, filter));
              result.rows += static_cast<std::size_t>(std::count(visible->begin(), visible->end(), true));
              return visible;
          };
    result.source = side(sourceTree, source, sourceStatus);
    progress.check();
    result.target = side(targetTree, target, targetStatus);
    if (resolution && source && target && !filter.text().isEmpty()) {
        for (const Assignment &assignment : resolution->assignments) {
            if (result.rules.size() <= assignment.rule)
                result.rules.resize(assignment.rule + 1, false);
            const auto hit = [&](const std::vector<std::uint32_t> &tensors, const Schema &schema) {
                return std::any_of(tensors.begin(), tensors.end(),
                                   [&](std::uint32_t i) { return filter.matches(schema.tensors[i], Status::None); });
            };
            if (!result.rules[assignment.rule])
                result.rules[assignment.rule] = hit(assignment.sources, *source) || hit(assignment.targets, *target);
        }
    }
    if (result.rows == 0 && !filter.text().isEmpty()) {
        if (source)
            result.closest = closestTerm(filter.text(), *source);
        if (!result.closest && target)
            result.closest = closestTerm(filter.text(), *target);
    }
    return result;
}

} // namespace rekey::ui
