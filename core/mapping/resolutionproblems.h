// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/keytable.h"
#include "core/mapping/resolution.h"

#include <string>
#include <string_view>
#include <vector>

namespace rekey {

/// What was noticed about a rule while it was applied and does not show in its effect.
struct RuleNotes
{
    bool matchesKey = false;
    bool partial = false;       ///< some keys of an application exist, others do not
    std::string invalid;        ///< why the rule's patterns do not go together
    std::string missingPartner; ///< first application without partner, in words
    std::string gap;            ///< number left out between gathered keys
    std::string doubledPrefix;  ///< a target key with doubledPart()
};

struct ProblemInput
{
    const Mapping &mapping;
    const Schema &source;
    const Schema &target;
    KeyTable &sourceKeys;
    KeyTable &targetKeys;
    const std::vector<RuleNotes> &notes;
};

/// Sentences for people, errors first; also sets RuleEffect::problem.
std::vector<Problem> findProblems(const ProblemInput &input, Resolution &resolution);

/// The part that a key repeats ("model" of "model.model.x", "a.b" of "x.a.b.a.b.c") where the schema has the key with that part once;
/// empty otherwise.
std::string doubledPart(std::string_view key, const KeyTable &keys);

/// Why a shape does not fit, and what would make it fit where one step does.
std::string mismatchText(const Shape &arriving, const Shape &expected);
std::string collisionText(const Schema &source, std::uint32_t rule, const Assignment &assignment, std::uint32_t otherRule,
                          const Assignment &other);

} // namespace rekey
