// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/parityverdict.h"

#include "ui/parity/parityrun.h"
#include "ui/segment/behaviourpanel.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace rekey::ui {

namespace {

struct Parity
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::Parity)
};

VerdictLook equalLook()
{
    return {Status::Proven, QStringLiteral("proven"), Parity::tr("Equal")};
}
VerdictLook withinLook()
{
    return {Status::Suggested, QStringLiteral("suggested"), Parity::tr("Within tolerance")};
}

ParityHeadline layersHeadline(const ActivationParity &parity)
{
    ParityHeadline line;
    line.sentence = sentenceText(parity.summary);
    if (parity.firstDivergence) {
        line.row = static_cast<int>(*parity.firstDivergence);
        line.rules = parity.rows[*parity.firstDivergence].rules;
    }
    const auto set = [&line](const VerdictLook &look, const QString &verdict) {
        line.status = look.status;
        line.icon = look.icon;
        line.verdict = verdict;
    };
    const bool diverges = parity.count(LayerVerdict::Diverges) > 0;
    const VerdictLook apart = look(diverges ? LayerVerdict::Diverges : LayerVerdict::Drifts);
    switch (parity.verdict) {
    case ParityVerdict::NothingCompared:
        set({Status::ToReview, QStringLiteral("warning"), {}}, Parity::tr("Nothing could be compared"));
        break;
    case ParityVerdict::Equal: set(equalLook(), Parity::tr("Equal")); break;
    case ParityVerdict::WithinTolerance: set(withinLook(), Parity::tr("Equal within tolerance")); break;
    case ParityVerdict::WeightsDiffer:
        set(apart, line.rules.empty() ? Parity::tr("Weights differ") : Parity::tr("Weights differ: %1").arg(rulesText(line.rules)));
        break;
    case ParityVerdict::ComputationDiffers: set(apart, Parity::tr("Weights equal, computation differs")); break;
    case ParityVerdict::Differs: set(apart, Parity::tr("They part; whether the weights do is not known")); break;
    }
    return line;
}

QString weightsSentence(const WeightParity &parity, const WeightParityRow *first)
{
    const QString compared = countText(parity.rows.size());
    QStringList parts;
    const auto count = [&](WeightVerdict verdict, const QString &text) {
        if (const std::size_t rows = parity.count(verdict); rows > 0)
            parts << text.arg(countText(rows));
    };
    count(WeightVerdict::Different, Parity::tr("%1 different"));
    count(WeightVerdict::Missing, Parity::tr("%1 missing"));
    count(WeightVerdict::WithinTolerance, Parity::tr("%1 within tolerance"));
    count(WeightVerdict::Equal, Parity::tr("%1 equal"));
    QString text = Parity::tr("%1 tensors compared: %2.").arg(compared, parts.join(QStringLiteral(", ")));
    if (first != nullptr && !first->holdsValuesOf.empty())
        text += QLatin1Char(' ')
                + Parity::tr("%1 gets the values that belong to %2.").arg(keyText(first->key), keyText(first->holdsValuesOf));
    else if (first != nullptr)
        text += QLatin1Char(' ') + Parity::tr("The first is %1.").arg(keyText(first->key));
    return text;
}

ParityHeadline weightsHeadline(const WeightParity &parity)
{
    const auto isApart
        = [](const WeightParityRow &row) { return row.verdict == WeightVerdict::Different || row.verdict == WeightVerdict::Missing; };
    const auto first = std::find_if(parity.rows.begin(), parity.rows.end(), isApart);
    const WeightParityRow *row = first == parity.rows.end() ? nullptr : &*first;
    ParityHeadline line;
    line.sentence = weightsSentence(parity, row);
    if (row == nullptr) {
        const VerdictLook same = parity.count(WeightVerdict::WithinTolerance) > 0 ? withinLook() : equalLook();
        line.status = same.status;
        line.icon = same.icon;
        line.verdict
            = parity.count(WeightVerdict::WithinTolerance) > 0 ? Parity::tr("Weights equal within tolerance") : Parity::tr("Weights equal");
        return line;
    }
    const VerdictLook apart = look(row->verdict);
    line.status = apart.status;
    line.icon = look(WeightVerdict::Different).icon;
    line.row = static_cast<int>(first - parity.rows.begin());
    for (const WeightParityRow &each : parity.rows)
        if (isApart(each) && each.rule != none && std::find(line.rules.begin(), line.rules.end(), each.rule) == line.rules.end())
            line.rules.push_back(each.rule);
    line.verdict = line.rules.empty() ? Parity::tr("Weights differ") : Parity::tr("Weights differ: %1").arg(rulesText(line.rules));
    return line;
}

/// Nothing is wrong that a rule could mend: there is nothing to compare with.
ParityHeadline freshHeadline(const WeightParity &parity)
{
    ParityHeadline line;
    line.status = Status::ToReview;
    line.icon = QStringLiteral("warning");
    line.needsReference = true;
    line.verdict = Parity::tr("The target looks freshly initialised");
    line.sentence
        = Parity::tr("Hardly a value of %1 tensors agrees, which says nothing about the rules. Choose a checkpoint with the right "
                     "weights to compare with.")
              .arg(countText(parity.rows.size()));
    return line;
}

} // namespace

VerdictLook look(LayerVerdict verdict)
{
    switch (verdict) {
    case LayerVerdict::Equal: return equalLook();
    case LayerVerdict::WithinTolerance: return withinLook();
    case LayerVerdict::Drifts: return {Status::ToReview, QStringLiteral("to-review"), Parity::tr("Drifts")};
    case LayerVerdict::Diverges: return {Status::Missing, QStringLiteral("error"), Parity::tr("Diverges")};
    case LayerVerdict::Follows: return {Status::Unused, QStringLiteral("arrow-right"), Parity::tr("Follows")};
    case LayerVerdict::NotCompared: return {Status::Unused, QStringLiteral("unused"), Parity::tr("Not compared")};
    }
    return {};
}

VerdictLook look(WeightVerdict verdict)
{
    switch (verdict) {
    case WeightVerdict::Equal: return equalLook();
    case WeightVerdict::WithinTolerance: return withinLook();
    case WeightVerdict::Different: return {Status::Missing, QStringLiteral("error"), Parity::tr("Different")};
    case WeightVerdict::Missing: return {Status::Missing, QStringLiteral("missing"), Parity::tr("Missing")};
    }
    return {};
}

ParityHeadline headline(const ParityResult &result)
{
    ParityHeadline line;
    if (result.layers)
        line = layersHeadline(*result.layers);
    else if (result.weights)
        line = result.weights->targetLooksFresh() ? freshHeadline(*result.weights) : weightsHeadline(*result.weights);
    if (const QString changed = conditionsText(result.input.conditions); !changed.isEmpty())
        line.notes << changed + QLatin1Char('.');
    const std::vector<std::string> none;
    for (const std::string &warning : result.layers ? result.layers->warnings : result.weights ? result.weights->warnings : none)
        line.notes << sentenceText(warning);
    return line;
}

QString conditionsText(const ParityConditions &conditions)
{
    QStringList parts;
    for (const auto &[key, value] : conditions.behaviour)
        parts << Parity::tr("with %1 %2").arg(BehaviourPanel::nameText(key), BehaviourPanel::valueText(value));
    if (conditions.precision != Precision::F32)
        parts << Parity::tr("computed in %1").arg(precisionText(conditions.precision));
    return parts.isEmpty() ? QString() : Parity::tr("Converted model %1").arg(parts.join(QStringLiteral(", ")));
}

QString rulesText(const std::vector<std::uint32_t> &rules)
{
    if (rules.empty())
        return {};
    const auto name = [&](std::size_t index) { return QString::number(rules[index] + 1); };
    if (rules.size() == 1)
        return Parity::tr("rule %1").arg(name(0));
    if (rules.size() == 2)
        return Parity::tr("rules %1 and %2").arg(name(0), name(1));
    return Parity::tr("rules %1, %2 and %3 more").arg(name(0), name(1)).arg(rules.size() - 2);
}

QString toleranceText(double tolerance)
{
    const double decade = std::log10(tolerance);
    if (std::abs(decade - std::round(decade)) < 1e-9)
        return powerText(static_cast<int>(std::lround(decade)));
    return errorText(tolerance).replace(QStringLiteral(".0 "), QStringLiteral(" "));
}

QString timesText(double error, double tolerance)
{
    if (!(tolerance > 0))
        return {};
    const double times = error / tolerance;
    if (!std::isfinite(times))
        return QStringLiteral("∞");
    const QString number = times >= 1e6 ? errorCellText(times) : QLocale().toString(times, 'f', times >= 9.95 ? 0 : times >= 0.095 ? 1 : 3);
    return number + QChar(0x00D7);
}

} // namespace rekey::ui
