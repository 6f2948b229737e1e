// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

namespace {

bool differs(const MappingSide &side, const Schema &schema)
{
    return !side.fingerprint.empty() && side.fingerprint != schemaFingerprint(schema);
}

std::string sideText(const MappingSide &side)
{
    const std::string name = side.name.empty() ? std::string("another file") : "'" + displayText(side.name) + "'";
    return side.tensors == 0 ? name : fmt::format("{} ({} tensors)", name, side.tensors);
}

} // namespace

std::string checkApplies(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target)
{
    // With several sources their schemas come joined, and no single fingerprint can be compared.
    const bool sourceDiffers = mapping.sources.size() == 1 && differs(mapping.sources.front(), source);
    const bool targetDiffers = differs(mapping.target, target);
    std::string made;
    if (sourceDiffers)
        made += fmt::format("source {}", sideText(mapping.sources.front()));
    if (targetDiffers)
        made += fmt::format("{}target {}", made.empty() ? "" : " and ", sideText(mapping.target));
    const bool matches = !resolution.assignments.empty();
    if (made.empty())
        return mapping.rules.empty() || matches ? std::string()
                                                : "No rule of the mapping leads from a source key to a target key of this pair.";
    if (!matches)
        throw Error(
            mapping.name, "mapping",
            fmt::format("was made for another pair ({}), and none of its {} rules leads from a key of '{}' to a key of '{}'; open the pair "
                        "that it was made for, or suggest a new mapping",
                        made, mapping.rules.size(), displayText(source.name), displayText(target.name)));
    return fmt::format("The mapping was made for another {}; its rules match this pair: {} of {} target keys filled.", made,
                       resolution.count(TargetStatus::Filled), resolution.targets.size());
}

} // namespace rekey
