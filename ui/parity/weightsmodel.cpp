// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/weightsmodel.h"

#include "ui/parity/paritycells.h"
#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"

#include <QLocale>

#include <utility>

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

void WeightsModel::setResult(std::shared_ptr<const ParityResult> result)
{
    beginResetModel();
    m_result = std::move(result);
    endResetModel();
}

int WeightsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || rows() == nullptr ? 0 : static_cast<int>(rows()->size());
}

int WeightsModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
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
    case Reason: return QString::fromStdString(row.reason);
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

QVariant WeightsModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const WeightParityRow &row = (*rows())[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    const bool number = column == Rule || column == Largest || column == Mean || column == Cosine;
    switch (role) {
    case Qt::DisplayRole: return text(row, column);
    case Qt::ToolTipRole: return toolTip(row);
    case Qt::TextAlignmentRole: return number ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::AccessibleTextRole: return tr("%1, %2").arg(keyText(row.key), look(row.verdict).word);
    case ParityChipRole: return column == Verdict ? look(row.verdict).icon : QVariant();
    case ParityStatusRole: return column == Verdict ? QVariant(static_cast<int>(look(row.verdict).status)) : QVariant();
    case ParityFixedRole: return column == Key;
    case ParityQuietRole: return column == Rule || column == Reason;
    case ParitySortRole: return sortValue(row, column);
    case ParityRowRole: return index.row();
    case ParityFindingRole: return row.verdict == WeightVerdict::Different || row.verdict == WeightVerdict::Missing;
    default: return {};
    }
}

QVariant WeightsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    const bool number = section == Rule || section == Largest || section == Mean || section == Cosine;
    if (role == Qt::TextAlignmentRole)
        return number ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Key: return tr("Key");
    case Rule: return tr("Rule");
    case Verdict: return tr("Verdict");
    case Largest: return tr("Largest difference");
    case Mean: return tr("Mean difference");
    case Cosine: return tr("Cosine");
    case Reason: return tr("Reason");
    default: return {};
    }
}

} // namespace rekey::ui
