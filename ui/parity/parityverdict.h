// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"
#include "ui/theme/theme.h"

#include <QString>
#include <QStringList>

namespace rekey::ui {

struct ParityConditions;
struct ParityResult;

/// How a verdict looks: icon, word, colour.
struct VerdictLook
{
    Status status = Status::None;
    QString icon, word;
};
VerdictLook look(LayerVerdict verdict);
VerdictLook look(WeightVerdict verdict);

/// The answer in plain words: a verdict, and a sentence that names where the two part.
struct ParityHeadline
{
    Status status = Status::None;
    QString icon, verdict, sentence;
    int row = -1; ///< of the layers, or of the weights where there are no layers; -1: nothing parts
    QStringList notes; ///< what limits the comparison, or was changed for it
    std::vector<std::uint32_t> rules; ///< that fill what is named
    bool needsReference = false; ///< there is nothing to compare with: another checkpoint would be
};
ParityHeadline headline(const ParityResult &result);

/// "Converted model with LayerNorm eps, mask decoder 1e−5, computed in BF16"; empty where nothing was changed.
QString conditionsText(const ParityConditions &conditions);
/// "rule 7", "rules 7 and 9", "rules 7, 9 and 3 more"; empty without rules.
QString rulesText(const std::vector<std::uint32_t> &rules);
/// "10⁻³", "3 × 10⁻²".
QString toleranceText(double tolerance);
/// "310×": how far an error is over the tolerance; "0.02×" below it.
QString timesText(double error, double tolerance);

} // namespace rekey::ui
