// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"

#include <QAbstractTableModel>

#include <memory>

namespace rekey::ui {

/// Which keys become which: one row an application of a rule, with the shapes on both sides.
class BindingsModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    enum Column { Sources, Targets, Shapes, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;

    void setBindings(std::vector<Assignment> bindings, std::shared_ptr<const Schema> source, std::shared_ptr<const Schema> target);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    std::vector<Assignment> m_bindings;
    std::shared_ptr<const Schema> m_source, m_target;
};

} // namespace rekey::ui
