// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

namespace rekey {

/// The mapping document, with the fingerprints of the pair at hand where it has none of its own.
std::string writeJson(const ExportInput &input)
{
    Mapping mapping = *input.mapping;
    if (mapping.sources.empty() && input.source)
        mapping.sources = {describeSide(*input.source)};
    if (mapping.target.fingerprint.empty() && input.target)
        mapping.target = describeSide(*input.target);
    return mappingToJson(mapping);
}

} // namespace rekey
