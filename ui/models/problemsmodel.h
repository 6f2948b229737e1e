// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"

#include <QAbstractListModel>

#include <memory>

namespace rekey::ui {

/// What a person should know about a resolution, worst first.
class ProblemsModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role { SeverityRole = Qt::UserRole, PlaceRole };

    using QAbstractListModel::QAbstractListModel;

    void setResolution(std::shared_ptr<const Resolution> resolution, std::shared_ptr<const Schema> source,
                       std::shared_ptr<const Schema> target);
    const Problem &problem(const QModelIndex &index) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;

private:
    std::shared_ptr<const Resolution> m_resolution;
    std::shared_ptr<const Schema> m_source, m_target;
    std::vector<std::uint32_t> m_order;
};

} // namespace rekey::ui
