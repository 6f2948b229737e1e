// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/suggest.h"

#include "core/suggest/matcher.h"

namespace rekey {

Mapping suggest(const Schema &source, const Schema &target, const SuggestOptions &options, const Progress &progress)
{
    Mapping mapping;
    mapping.name = source.name + " → " + target.name;
    mapping.rules = options.settled;
    const std::vector<bool> skipSource(source.tensors.size()), skipTarget(target.tensors.size());
    const auto pairings = matchTensors(source, target, skipSource, skipTarget, progress);
    for (auto &rule : rulesFromPairings(pairings, source, target))
        mapping.rules.push_back(std::move(rule));
    return mapping;
}

} // namespace rekey
