// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/keytree.h"
#include "core/mapping/resolution.h"

#include <functional>
#include <optional>
#include <vector>

namespace rekey::ui {

// Edits on a mapping as values, for the document's undo steps and for tests.

/// The mapping with `rules`, which take the target keys that they fill: rules that filled them before keep the rest, are
/// narrowed to it or, with nothing left, taken out. The new ones stand where the first of those stood, else at the end;
/// `firstNew` becomes their index.
Mapping withRulesPreferred(const Mapping &mapping, std::vector<Rule> rules, const Schema &source, const Schema &target,
                           std::uint32_t *firstNew = nullptr);

/// The rule to review with one of its candidates accepted.
Rule withCandidate(const Rule &rule, std::size_t candidate);

/// Patterns that match exactly these keys: one for each leaf row of the tree that is wholly among them, else the key itself.
std::vector<Pattern> patternsFor(const std::vector<std::uint32_t> &tensors, const KeyTree &tree, const Schema &schema);

/// Something that a person still has to look at: a rule to review, or a row of a tree.
struct OpenQuestion
{
    std::uint32_t rule = none;
    std::uint32_t targetNode = none;
    std::uint32_t sourceNode = none;
    bool operator==(const OpenQuestion &) const = default;
};
/// Rules to review first, then target rows that nothing fills rightly, then source rows that nothing uses.
std::vector<OpenQuestion> openQuestions(const Mapping &mapping, const Resolution &resolution, const KeyTree &source, const KeyTree &target);

/// The question after (step 1) or before (step -1) the one that `isCurrent`, round the end; the first or last without a
/// current one. Nothing when there is none.
std::optional<OpenQuestion> neighbourQuestion(const std::vector<OpenQuestion> &questions, int step,
                                              const std::function<bool(const OpenQuestion &)> &isCurrent);

/// Target keys to review, missing, mismatched or conflicting: what keeps a conversion from being complete.
std::size_t openKeys(const Resolution &resolution);

} // namespace rekey::ui
