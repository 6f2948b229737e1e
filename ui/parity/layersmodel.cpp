// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/layersmodel.h"

#include "ui/parity/paritycells.h"
#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"

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

QString figure(const std::optional<LayerError> &error)
{
    return error ? errorCellText(error->error()) : QStringLiteral("–");
}

} // namespace

LayersModel::LayersModel(QObject *parent)
    : ParityModel(
        {{{}, {}, true},
         {tr("Layer"), {}},
         {tr("Accumulated"), tr("Largest difference, relative to the layer's largest value, with both models fed the same picture"), true},
         {tr("Isolated"), tr("The same, with the layer fed the reference's input: what the layer itself adds"), true},
         {tr("Weights"), tr("Whether the weights that the layer computes with are equal")},
         {tr("Verdict"), {}},
         {tr("Reason"), {}}},
        parent)
{
}

int LayersModel::rowsOf(const ParityResult &result) const
{
    return result.layers ? static_cast<int>(result.layers->rows.size()) : 0;
}

QVariant LayersModel::text(const LayerParityRow &row, int number, int column) const
{
    switch (column) {
    case Index: return number;
    case Layer: return keyText(row.layer);
    case Accumulated: return figure(row.accumulated);
    case Isolated: return figure(row.isolated);
    case Weights: return weightsWord(row.weights);
    case Verdict: return look(row.verdict).word;
    case Reason: return sentenceText(row.reason);
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

QVariant LayersModel::cell(const ParityResult &result, int number, int column, int role) const
{
    const LayerParityRow &row = result.layers->rows[static_cast<std::size_t>(number)];
    switch (role) {
    case Qt::DisplayRole: return text(row, number, column);
    case Qt::ToolTipRole: return toolTip(row);
    case Qt::AccessibleTextRole:
        return tr("%1, %2, accumulated %3, isolated %4")
            .arg(keyText(row.layer), look(row.verdict).word, figure(row.accumulated), figure(row.isolated));
    case ParityChipRole: return column == Verdict ? look(row.verdict).icon : QVariant();
    case ParityStatusRole:
        if (column == Verdict)
            return static_cast<int>(look(row.verdict).status);
        return column == Weights && row.weights == LayerWeights::Differ ? QVariant(static_cast<int>(Status::Missing)) : QVariant();
    case ParityFixedRole: return column == Layer;
    case ParityQuietRole: return column == Index || column == Weights || column == Reason;
    case ParitySortRole: return sortValue(row, number, column);
    case ParityFindingRole: return row.verdict != LayerVerdict::Equal && row.verdict != LayerVerdict::WithinTolerance;
    default: return {};
    }
}

} // namespace rekey::ui
