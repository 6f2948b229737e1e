// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritymodel.h"

#include "ui/parity/paritycells.h"

#include <utility>

namespace rekey::ui {

ParityModel::ParityModel(QList<ParityColumn> columns, QObject *parent)
    : QAbstractTableModel(parent)
    , m_columns(std::move(columns))
{
}

void ParityModel::setResult(std::shared_ptr<const ParityResult> result)
{
    beginResetModel();
    m_result = std::move(result);
    endResetModel();
}

int ParityModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || !m_result ? 0 : rowsOf(*m_result);
}

int ParityModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QVariant ParityModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    switch (role) {
    case Qt::TextAlignmentRole: return headerData(index.column(), Qt::Horizontal, role);
    case ParityRowRole: return index.row();
    default: return cell(*m_result, index.row(), index.column(), role);
    }
}

QVariant ParityModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= m_columns.size())
        return {};
    const ParityColumn &column = m_columns[section];
    switch (role) {
    case Qt::DisplayRole: return column.title;
    case Qt::ToolTipRole: return column.toolTip.isEmpty() ? QVariant() : column.toolTip;
    case Qt::TextAlignmentRole: return QVariant((column.isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default: return {};
    }
}

} // namespace rekey::ui
