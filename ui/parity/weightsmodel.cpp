// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/weightsmodel.h"

#include "ui/parity/paritycells.h"
#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"

#include <QLocale>

#include <algorithm>

namespace rekey::ui {

namespace {

/// Figures mean something where there are pairs of values.
bool hasFigures(const WeightParityRow &row)
{
    return row.difference.count > 0 || row.verdict == WeightVerdict::Equal;
}

QString cosineText(double cosine)
{
    // Never rounded up to 1.
    return QLocale().toString(cosine < 1 ? std::min(cosine, 0.999999) : 1.0, 'f', 6).replace(QLatin1Char('-'), QChar(0x2212));
}

} // namespace

WeightsModel::WeightsModel(QObject *parent)
    : ParityModel({{tr("Key"), {}},
                   {tr("Rule"), {}, true},
                   {tr("Verdict"), {}},
                   {tr("Largest difference"), {}, true},
                   {tr("Mean difference"), {}, true},
                   {tr("Cosine"), {}, true},
                   {tr("Reason"), {}}},
                  parent)
{
}

int WeightsModel::rowsOf(const ParityResult &result) const
{
    return result.weights ? static_cast<int>(result.weights->rows.size()) : 0;
}

QVariant WeightsModel::text(const WeightParityRow &row, int column) const
{
    const QString nothing = QStringLiteral("–");
    switch (column) {
    case Key: return keyText(row.key);
    case Rule: return row.rule == none ? nothing : QString::number(row.rule + 1);
    case Verdict: return look(row.verdict).word;
    case Largest: return hasFigures(row) ? errorCellText(row.difference.maxAbsolute) : nothing;
    case Mean: return hasFigures(row) ? errorCellText(row.difference.meanAbsolute) : nothing;
    case Cosine: return hasFigures(row) ? cosineText(row.difference.cosine) : nothing;
    case Reason: return sentenceText(row.reason);
    default: return {};
    }
}

QVariant WeightsModel::sortValue(const WeightParityRow &row, int column) const
{
    switch (column) {
    case Rule: return row.rule == none ? -1 : static_cast<int>(row.rule);
    case Verdict: return static_cast<int>(row.verdict);
    case Largest: return hasFigures(row) ? row.difference.maxAbsolute : -1.0;
    case Mean: return hasFigures(row) ? row.difference.meanAbsolute : -1.0;
    case Cosine: return hasFigures(row) ? row.difference.cosine : -2.0;
    default: return text(row, column);
    }
}

QString WeightsModel::toolTip(const WeightParityRow &row) const
{
    QStringList lines {keyText(row.key)};
    for (const std::string &source : row.sources)
        lines << tr("From %1").arg(keyText(source));
    lines << (row.shape == row.arriving || row.arriving.empty() ? shapeText(row.shape)
                                                                : tr("%1, arriving %2").arg(shapeText(row.shape), shapeText(row.arriving)));
    if (!row.holdsValuesOf.empty())
        lines << tr("Holds the values of %1").arg(keyText(row.holdsValuesOf));
    return lines.join(QLatin1Char('\n'));
}

QVariant WeightsModel::cell(const ParityResult &result, int number, int column, int role) const
{
    const WeightParityRow &row = result.weights->rows[static_cast<std::size_t>(number)];
    switch (role) {
    case Qt::DisplayRole: return text(row, column);
    case Qt::ToolTipRole: return toolTip(row);
    case Qt::AccessibleTextRole: return tr("%1, %2").arg(keyText(row.key), look(row.verdict).word);
    case ParityChipRole: return column == Verdict ? look(row.verdict).icon : QVariant();
    case ParityStatusRole: return column == Verdict ? QVariant(static_cast<int>(look(row.verdict).status)) : QVariant();
    case ParityFixedRole: return column == Key;
    case ParityQuietRole: return column == Rule || column == Reason;
    case ParitySortRole: return sortValue(row, column);
    case ParityFindingRole: return row.verdict == WeightVerdict::Different || row.verdict == WeightVerdict::Missing;
    default: return {};
    }
}

} // namespace rekey::ui
