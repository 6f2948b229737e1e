// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/mapping/resolution.h"
#include "ui/theme/theme.h"

#include <QString>

#include <vector>

namespace rekey::ui {

/// What pairing some keys by hand would do, before it is done: the rules that core infers, every application of them,
/// and the mapping with them in it. Once for every repeated block, once for just the keys given.
struct PairingPlan
{
    struct Variant
    {
        std::vector<Rule> rules;
        std::vector<Assignment> bindings; ///< of these rules alone; Assignment::rule indexes `rules`
        Mapping next;                     ///< the document's mapping with the rules preferred
        std::uint32_t firstRule = none;   ///< where they stand in `next`
        std::size_t sourceKeys = 0, targetKeys = 0;
        std::size_t collisions = 0, mismatched = 0;
        std::size_t fillsMissing = 0; ///< targets that nothing filled before
        std::size_t takesOver = 0;    ///< targets that other rules filled before
        Status status() const;
        QString text() const; ///< rich text in the order of a rule in edit: keys, collisions, shapes, filled, taken over
    };
    Variant everywhere, onlyThese;
    bool hasChoice = false; ///< the two differ
    QString what;           ///< "3 → 1, concat dim 0, ×12"; empty for a plain rename of one key
};

/// For a worker thread. Throws Error with both shapes when no transform leads from the sources to the targets.
PairingPlan planPairing(const std::vector<std::uint32_t> &sources, const std::vector<std::uint32_t> &targets, const Mapping &mapping,
                        const Resolution *before, const Schema &source, const Schema &target, const Progress &progress);

/// "…blocks.{i}.attn.qkv.{leaf} → …": a rule in one line.
QString ruleLine(const Rule &rule);

} // namespace rekey::ui
