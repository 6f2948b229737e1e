// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/mapping/resolution.h"
#include "ui/theme/theme.h"

#include <QString>

#include <memory>
#include <optional>

namespace rekey::ui {

/// A rule as a person types it: patterns joined with ", ", the transform in words.
struct RuleDraft
{
    QString sources, targets, transform;
    bool operator==(const RuleDraft &) const = default;

    static RuleDraft of(const Rule &rule);
};

enum class DraftField : quint8 { Sources, Targets, Transform };

/// What is wrong with a draft, and where to underline it (UTF-16 offset in the field).
struct DraftError
{
    DraftField field = DraftField::Sources;
    qsizetype position = 0;
    QString expected;
};

struct ParsedDraft
{
    Rule rule;
    std::optional<DraftError> error;
};
/// The rule that a draft makes of `base`: accepted, without candidates.
ParsedDraft parseDraft(const RuleDraft &draft, const Rule &base);

/// What a draft would do to the open pair.
struct DraftEffect
{
    std::optional<DraftError> error;
    RuleEffect effect;
    std::size_t fillsMissing = 0; ///< target keys that nothing filled before
    std::size_t usesUnused = 0;   ///< source keys that nothing used before
    Status status() const;
    QString text() const; ///< rich text in ui.md's order: keys, collisions, shapes, filled, used
};

/// Resolves the mapping with rule `index` replaced by the draft (appended when `index` is none). For a worker thread.
DraftEffect draftEffect(const RuleDraft &draft, std::uint32_t index, const Mapping &mapping, const Resolution *before,
                        const Schema &source, const Schema &target, const Progress &progress);

} // namespace rekey::ui
