// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"

#include <QAbstractTableModel>

namespace rekey::ui {

/// The layers of a comparison, in depth order.
class LayersModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column : int { Index, Layer, Accumulated, Isolated, Weights, Verdict, Reason, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setResult(std::shared_ptr<const ParityResult> result);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const std::vector<LayerParityRow> *rows() const { return m_result && m_result->layers ? &m_result->layers->rows : nullptr; }
    QVariant text(const LayerParityRow &row, int number, int column) const;
    QVariant sortValue(const LayerParityRow &row, int number, int column) const;
    QString toolTip(const LayerParityRow &row) const;

    std::shared_ptr<const ParityResult> m_result;
};

} // namespace rekey::ui
