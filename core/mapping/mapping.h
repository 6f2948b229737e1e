// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/rule.h"

#include <filesystem>
#include <string>
#include <vector>

namespace rekey {

/// What a mapping remembers of a side, so that it is not applied to another pair unnoticed.
struct MappingSide
{
    std::string name;        ///< file or schema name
    std::string fingerprint; ///< schemaFingerprint(); empty when unknown
    std::size_t tensors = 0;
    bool operator==(const MappingSide &) const = default;
};

/// The document: an ordered list of rules. They apply at once; the first one that matches a key wins.
struct Mapping
{
    std::string name;
    std::string note;
    std::vector<MappingSide> sources;
    MappingSide target;
    std::vector<Rule> rules;
    bool incompleteAccepted = false; ///< a person chose to convert with open keys

    bool operator==(const Mapping &) const = default;
};

/// SHA-256 over the sorted "key dtype shape" lines.
std::string schemaFingerprint(const Schema &schema);
MappingSide describeSide(const Schema &schema);

/// JSON, versioned ("rekey-mapping", 1). Reading throws Error with the place ("rules[3].sources[0]: …").
std::string mappingToJson(const Mapping &mapping);
Mapping mappingFromJson(std::string_view json, const std::string &file);
Mapping loadMapping(const std::filesystem::path &path);
/// Written beside and renamed.
void saveMapping(const Mapping &mapping, const std::filesystem::path &path);

} // namespace rekey
