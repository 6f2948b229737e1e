// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"

#include <QAbstractTableModel>

namespace rekey::ui {

/// A column of a table of the Parity room.
struct ParityColumn
{
    QString title, toolTip;
    bool isNumber = false; ///< aligned right
};

/// One table of a comparison's result: which rows it has and what stands in their cells is its heirs'.
class ParityModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    ParityModel(QList<ParityColumn> columns, QObject *parent);

    void setResult(std::shared_ptr<const ParityResult> result);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

protected:
    virtual int rowsOf(const ParityResult &result) const = 0;
    /// Everything but alignment and ParityRowRole; `row` is within rowsOf(result).
    virtual QVariant cell(const ParityResult &result, int row, int column, int role) const = 0;

private:
    QList<ParityColumn> m_columns;
    std::shared_ptr<const ParityResult> m_result;
};

} // namespace rekey::ui
