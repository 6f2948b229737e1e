// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "core/mapping/resolution.h"

#include <span>
#include <string>
#include <vector>

namespace rekey {

/// What reading values gave.
struct ValueReport
{
    std::uint64_t bytesRead = 0;  ///< of both sides
    std::uint64_t bytesHeld = 0;  ///< of digests, at the end
    double seconds = 0;           ///< for reading
    std::size_t provenTargets = 0;
};

struct SuggestOptions
{
    /// For value evidence; may be null. Their schemas must be the ones given.
    const Checkpoint *sourceValues = nullptr;
    const Checkpoint *targetValues = nullptr;
    /// Rules that stay: a person's, or all accepted and proven ones of the document. They come first in the result.
    std::vector<Rule> settled;
    /// Filled in where values were evidence; may be null.
    ValueReport *report = nullptr;
};

/// Proposes rules that fill `target` from `source`: proven, suggested with a confidence, or to review with candidates,
/// each with evidence in words. Abstains on one rule, never on all: always returns what it found, also when keys on
/// either side stay open (heads, buffers), for which drop and init rules with reasons are proposed.
Mapping suggest(const Schema &source, const Schema &target, const SuggestOptions &options = {}, const Progress &progress = {});

/// Some source tensors become some target tensors. The per-key form of a rule.
struct Pairing
{
    std::vector<std::uint32_t> sources;
    std::vector<std::uint32_t> targets;
    Transform transform;
    RuleState state = RuleState::Accepted;
    double confidence = 1;
    std::vector<std::string> evidence;
    bool operator==(const Pairing &) const = default;
};

/// Marks the source tensors that pairings take and the target tensors that they fill.
void markPaired(std::span<const Pairing> pairings, std::vector<bool> &sources, std::vector<bool> &targets);

/// The fewest readable rules that give exactly these pairings and touch no other key of the two schemas; in file
/// order, grouped by first segments. State, confidence and evidence of a rule are the worst and the union of its pairings'.
std::vector<Rule> rulesFromPairings(std::span<const Pairing> pairings, const Schema &source, const Schema &target);

/// What a person means by pairing these keys (leaf to leaf, block to block, q, k, v to qkv): the transform inferred from
/// shapes and names, generalised over repeated blocks. First the rule(s) as generalised, then as narrow as given.
/// Throws Error with both shapes when no transform leads from one to the other; then `likeliest` of the
/// message names what would.
struct Inference
{
    std::vector<Rule> rules;
    std::vector<Rule> literal;
    std::string text;           ///< "3 → 1, concat dim 0, ×12"
    std::vector<Pairing> added; ///< what `rules` bind beyond the given keys: to be shown before they are applied
};
Inference inferRules(std::span<const std::uint32_t> sources, std::span<const std::uint32_t> targets, const Schema &source,
                     const Schema &target);

} // namespace rekey
