// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/pattern.h"
#include "core/mapping/transform.h"

#include <string>
#include <vector>

namespace rekey {

enum class RuleKind : std::uint8_t {
    Map,  ///< sources -> targets by a transform
    Drop, ///< sources not wanted, with a reason
    Init, ///< targets that no source fills
};

enum class RuleState : std::uint8_t {
    Proven,    ///< values say so
    Suggested, ///< the matcher is sure enough
    Accepted,  ///< a person said yes, or wrote it
    ToReview,  ///< open question: its targets do not count as filled
};

enum class InitPolicy : std::uint8_t { Keep, Zeros, Ones, Normal };

/// One answer to an open question.
struct Candidate
{
    std::vector<Pattern> sources;
    std::vector<Pattern> targets;
    Transform transform;
    double confidence = 0;
    std::string why; ///< "Order in the forward pass; same as output_hypernetworks_mlps"
    bool operator==(const Candidate &) const = default;
};

/// Sources -> targets by a transform; all patterns of a rule share their variables. A variable that occurs only in
/// sources gathers (ascending; experts to stack), one that occurs only in targets scatters the transform's outputs.
struct Rule
{
    RuleKind kind = RuleKind::Map;
    std::vector<Pattern> sources;
    std::vector<Pattern> targets;
    Transform transform;

    std::string reason;                  ///< of a drop
    InitPolicy init = InitPolicy::Keep;  ///< of an init
    double initStd = 0.02;               ///< for InitPolicy::Normal

    RuleState state = RuleState::Accepted;
    double confidence = 1;
    std::vector<std::string> evidence;   ///< in words, strongest first
    std::vector<Candidate> candidates;   ///< of a rule to review, best first; the rule itself shows the first one
    std::string note;                    ///< a person's

    bool operator==(const Rule &) const = default;
};

/// "3 → 1, concat dim 0"; for chips and labels. Empty for a plain rename.
std::string ruleTransformText(const Rule &rule);
std::string_view initPolicyName(InitPolicy policy);
std::string_view ruleStateName(RuleState state);

} // namespace rekey
