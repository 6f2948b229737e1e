// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/mapping.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rekey {

enum class TargetStatus : std::uint8_t {
    Filled, Initialised, ToReview, Missing, Mismatched, Conflicting
};
enum class SourceStatus : std::uint8_t {
    Used, ToReview, Dropped, Unused
};

inline constexpr std::uint32_t none = 0xFFFFFFFF;

// How rules meet. A source key may feed any number of targets, through one rule or several. A target key takes one
// value: two different ones are a collision, whoever comes first, since one of them would win silently. So, in order:
// - A drop keeps its keys from all rules after it; keys that a rule before it uses are not dropped.
// - A target claimed by an init rule stays so; map rules after it are shadowed there.
// - A target claimed by a map rule: an init rule after it is shadowed there, and so is a map rule that would give the
//   same (same sources, transform and output). Any other map rule collides.
// - A rule to review holds its targets against later init rules, and yields to any settled map rule.

/// One application of a rule: these source tensors, in order, become these target tensors, in order. A transform that
/// leaves one tensor for several targets gives it to each (tied weights): these are assignments of one target each, and
/// targets that do not exist are passed over. Otherwise all sources and all targets exist.
struct Assignment
{
    std::uint32_t rule = none;
    std::vector<std::uint32_t> sources; ///< indices into the source schema
    std::vector<std::uint32_t> targets; ///< indices into the target schema
    bool operator==(const Assignment &) const = default;
};

struct TargetOutcome
{
    TargetStatus status = TargetStatus::Missing;
    std::uint32_t assignment = none;  ///< the one that counts
    std::uint32_t output = 0;         ///< which of its outputs
    std::uint32_t rule = none;        ///< also set for initialised ones
    std::uint32_t otherRule = none;   ///< conflicting: the second claimant
    Shape arriving;                   ///< mismatched: the shape that the rule gives
    std::string why;                  ///< mismatched, conflicting: one sentence
};

struct SourceOutcome
{
    SourceStatus status = SourceStatus::Unused;
    std::uint32_t rule = none;                ///< first rule that uses or drops it
    std::vector<std::uint32_t> assignments;   ///< all that read it
};

/// What one rule does to this pair.
struct RuleEffect
{
    std::uint32_t sourceKeys = 0;   ///< distinct source keys it reads or drops
    std::uint32_t targetKeys = 0;   ///< target keys that it claims
    std::uint32_t filled = 0;       ///< of these, keys it fills with the right shape
    std::uint32_t mismatched = 0;
    std::uint32_t collisions = 0;   ///< targets another rule claims as well
    std::uint32_t shadowed = 0;     ///< sources or targets an earlier rule settled
    std::uint32_t shadowedBy = none;
    std::uint32_t missingPartners = 0; ///< matches whose other sources or targets do not exist
    std::string problem;            ///< worst one, one sentence; empty when fine
};

enum class Severity : std::uint8_t { Info, Warning, Error };

/// Something a person should know, with the place to go to.
struct Problem
{
    Severity severity = Severity::Warning;
    std::string kind;                 ///< "missing", "mismatched", "collision", "shadowed", "no-match", "integer-to-float" …
    std::string text;                 ///< one sentence
    std::uint32_t rule = none;
    std::uint32_t source = none;      ///< tensor index
    std::uint32_t target = none;
};

/// What a mapping means for two given schemas. A pure function of the three.
struct Resolution
{
    std::vector<Assignment> assignments;
    std::vector<TargetOutcome> targets;  ///< by index of the target schema
    std::vector<SourceOutcome> sources;  ///< by index of the source schema
    std::vector<RuleEffect> rules;       ///< by index of the mapping's rules
    std::vector<Problem> problems;

    std::size_t count(TargetStatus status) const;
    std::size_t count(SourceStatus status) const;
    /// Every target key filled or initialised, nothing mismatched, conflicting or to review.
    bool complete() const;
};

Resolution resolve(const Mapping &mapping, const Schema &source, const Schema &target);

/// Throws Error when the mapping was made for another pair and cannot be meant: fingerprints differ and no rule
/// matches. Returns a warning sentence when fingerprints differ but rules match; empty when all is well.
std::string checkApplies(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target);

/// The mapping that leads back, for rules that can be inverted; `notInvertible` says of each other rule why not.
struct Inversion { Mapping mapping; std::vector<std::string> notInvertible; };
Inversion invert(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target);

/// {"pairs":[{"target","sources","op","args","confidence"}],"target_unfilled","source_unused"} as JSON text, key by key.
std::string resolutionToPairsJson(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target);

/// The schema that a mapping produces from a source alone (keys, shapes, dtypes of all outputs): another naming of the
/// same network, whatever its size. Keys of init rules and of open questions are not in it; where a variable scatters it
/// counts from 0. Throws Error where a transform does not fit the source's shapes.
Schema outputSchema(const Mapping &mapping, const Schema &source);

} // namespace rekey
