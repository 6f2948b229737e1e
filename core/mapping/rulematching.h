// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/keytable.h"
#include "core/mapping/rule.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace rekey {

/// The variables that the patterns of a rule share. Patterns give their values by their own slots; here a value has one
/// form for the whole rule: a variable that lists alternatives anywhere is a position in all of them.
class RuleVariables
{
public:
    explicit RuleVariables(const Rule &rule);

    struct Variable
    {
        std::string name;
        std::vector<std::string> alternatives; ///< the first list given; empty for plain variables
        bool inSources = false;
        bool inTargets = false;
        bool gathers() const { return inSources && !inTargets; }
        bool scatters() const { return inTargets && !inSources; }
    };
    const std::vector<Variable> &variables() const { return m_variables; }
    /// By slot of a pattern: index into variables().
    const std::vector<std::size_t> &ofSource(std::size_t pattern) const { return m_sources[pattern]; }
    const std::vector<std::size_t> &ofTarget(std::size_t pattern) const { return m_targets[pattern]; }
    /// Why the patterns do not go together; empty when they do.
    const std::string &problem() const { return m_problem; }

    /// Brings a pattern's value to the rule's form. False when it is none of the alternatives.
    bool normalise(std::size_t variable, PatternValue &value) const;

private:
    std::vector<std::size_t> add(const Pattern &pattern, bool source);

    std::vector<Variable> m_variables;
    std::vector<std::vector<std::size_t>> m_sources, m_targets;
    std::string m_problem;
};

/// Patterns that share no variable combine freely; more than this is a slip of the person who types.
inline constexpr std::size_t mostApplications = 1'000'000;

/// One application of a rule's source side.
struct RuleMatch
{
    std::vector<PatternValue> values;   ///< by RuleVariables; those that gather are unset
    std::vector<std::uint32_t> sources; ///< pattern by pattern; gathered ones ascending
};

struct RuleMatches
{
    std::vector<RuleMatch> matches;    ///< in order of the first source
    std::uint32_t incomplete = 0;      ///< applications whose other sources do not exist
    std::string example;               ///< one of these, in words
    std::string gap;                   ///< a number left out between gathered ones, in words
    bool tooMany = false;              ///< more applications than any model has: nothing is matched
};

/// All applications of a map rule to the source keys.
RuleMatches matchSources(const Rule &rule, const RuleVariables &variables, KeyTable &source);

/// Finds the target keys of an application: by expanding, or, where a variable scatters, among the existing keys.
class TargetFinder
{
public:
    /// `target` may be null when nothing scatters or the number of outputs is given.
    TargetFinder(const Rule &rule, const RuleVariables &variables, KeyTable *target);

    struct Target
    {
        std::string key;
        std::size_t index = SchemaIndex::npos; ///< in the target schema
    };
    /// In the rule's order. `outputs`: how many tensors the transform gives, for scattering without a target schema.
    /// Empty when a pattern cannot be expanded (a negative number).
    std::vector<Target> targets(const RuleMatch &match, std::size_t outputs) const;
    bool scatters() const { return m_scatters; }

private:
    void addExpanded(std::size_t pattern, std::span<const PatternValue> values, std::vector<Target> &found) const;
    void addCounted(std::size_t pattern, std::vector<PatternValue> values, std::size_t outputs, std::vector<Target> &found) const;

    const Rule &m_rule;
    const RuleVariables &m_variables;
    KeyTable *m_target;
    bool m_scatters = false;
    std::vector<bool> m_patternScatters;
    /// By pattern: joined values of the shared variables -> target indices, ascending in the scattering ones.
    std::vector<std::unordered_map<std::string, std::vector<std::uint32_t>>> m_found;
};

} // namespace rekey
