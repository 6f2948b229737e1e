// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"

#include <QAbstractTableModel>

namespace rekey::ui {

/// The tensors of a comparison of weights, in the target's order.
class WeightsModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column : int { Key, Rule, Verdict, Largest, Mean, Cosine, Reason, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setResult(std::shared_ptr<const ParityResult> result);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const std::vector<WeightParityRow> *rows() const { return m_result && m_result->weights ? &m_result->weights->rows : nullptr; }
    QVariant text(const WeightParityRow &row, int column) const;
    QVariant sortValue(const WeightParityRow &row, int column) const;
    QString toolTip(const WeightParityRow &row) const;

    std::shared_ptr<const ParityResult> m_result;
};

} // namespace rekey::ui
