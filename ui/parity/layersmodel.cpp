// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/layersmodel.h"

#include "ui/parity/paritycells.h"
#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"

#include <utility>

namespace rekey::ui {

namespace {

QString weightsWord(LayerWeights weights)
{
    switch (weights) {
    case LayerWeights::None: return QStringLiteral("–");
    case LayerWeights::Unknown: return LayersModel::tr("unknown");
    case LayerWeights::Equal: return LayersModel::tr("equal");
    case LayerWeights::Differ: return LayersModel::tr("differ");
    }
    return {};
}

QString cell(const std::optional<LayerError> &error)
{
    return error ? errorCellText(error->error()) : QStringLiteral("–");
}

} // namespace

void LayersModel::setResult(std::shared_ptr<const ParityResult> result)
{
    beginResetModel();
    m_result = std::move(result);
    endResetModel();
}

int LayersModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || rows() == nullptr ? 0 : static_cast<int>(rows()->size());
}

int LayersModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LayersModel::text(const LayerParityRow &row, int number, int column) const
{
    switch (column) {
    case Index: return number;
    case Layer: return keyText(row.layer);
    case Accumulated: return cell(row.accumulated);
    case Isolated: return cell(row.isolated);
    case Weights: return weightsWord(row.weights);
    case Verdict: return look(row.verdict).word;
    case Reason: return QString::fromStdString(row.reason);
    default: return {};
    }
}

QVariant LayersModel::sortValue(const LayerParityRow &row, int number, int column) const
{
    switch (column) {
    case Accumulated: return row.accumulated ? row.accumulated->error() : -1.0;
    case Isolated: return row.isolated ? row.isolated->error() : -1.0;
    case Verdict: return static_cast<int>(row.verdict);
    case Index: return number;
    default: return text(row, number, column);
    }
}

QString LayersModel::toolTip(const LayerParityRow &row) const
{
    QStringList lines {keyText(row.layer)};
    if (!row.referenceLayer.empty() && row.referenceLayer != row.layer)
        lines << tr("Reference: %1").arg(keyText(row.referenceLayer));
    if (!row.shape.empty())
        lines << shapeText(row.shape);
    if (!row.differingKeys.empty())
        lines << tr("Weights that differ: %1").arg(keyText(row.differingKeys.front()))
                     + (row.differingKeys.size() > 1 ? tr(" and %1 more").arg(row.differingKeys.size() - 1) : QString());
    if (!row.rules.empty())
        lines << tr("Filled by %1").arg(rulesText(row.rules));
    return lines.join(QLatin1Char('\n'));
}

QVariant LayersModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const LayerParityRow &row = (*rows())[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    const bool number = column == Index || column == Accumulated || column == Isolated;
    switch (role) {
    case Qt::DisplayRole: return text(row, index.row(), column);
    case Qt::ToolTipRole: return toolTip(row);
    case Qt::TextAlignmentRole: return number ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::AccessibleTextRole:
        return tr("%1, %2, accumulated %3, isolated %4")
            .arg(keyText(row.layer), look(row.verdict).word, cell(row.accumulated), cell(row.isolated));
    case ParityChipRole: return column == Verdict ? look(row.verdict).icon : QVariant();
    case ParityStatusRole:
        if (column == Verdict)
            return static_cast<int>(look(row.verdict).status);
        return column == Weights && row.weights == LayerWeights::Differ ? QVariant(static_cast<int>(Status::Missing)) : QVariant();
    case ParityFixedRole: return column == Layer;
    case ParityQuietRole: return column == Index || column == Weights || column == Reason;
    case ParitySortRole: return sortValue(row, index.row(), column);
    case ParityRowRole: return index.row();
    case ParityFindingRole: return row.verdict != LayerVerdict::Equal && row.verdict != LayerVerdict::WithinTolerance;
    default: return {};
    }
}

QVariant LayersModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return section == Accumulated || section == Isolated || section == Index ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                                                 : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case Accumulated: return tr("Largest difference, relative to the layer's largest value, with both models fed the same picture");
        case Isolated: return tr("The same, with the layer fed the reference's input: what the layer itself adds");
        case Weights: return tr("Whether the weights that the layer computes with are equal");
        default: return {};
        }
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Layer: return tr("Layer");
    case Accumulated: return tr("Accumulated");
    case Isolated: return tr("Isolated");
    case Weights: return tr("Weights");
    case Verdict: return tr("Verdict");
    case Reason: return tr("Reason");
    default: return {};
    }
}

} // namespace rekey::ui
