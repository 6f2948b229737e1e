// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/inspect/statistics.h"
#include "ui/document/session.h"
#include "ui/inspect/tensortree.h"

#include <QAbstractItemModel>
#include <QSortFilterProxyModel>

#include <memory>
#include <optional>

namespace rekey::ui {

/// Keys of one side with their shapes, sizes and statistics.
class TensorModel : public QAbstractItemModel
{
    Q_OBJECT
public:
    enum Column { Key, ShapeColumn, Values, Size, HistogramColumn, Mean, StandardDeviation, ColumnCount };
    enum Role { NodeRole = Qt::UserRole, FractionRole, TagRole, LeafRole };

    explicit TensorModel(Session &session, QObject *parent = nullptr);

    void setTree(Side side, const CheckpointPtr &checkpoint, std::shared_ptr<const TensorTree> tree);
    Side side() const { return m_side; }
    const CheckpointPtr &checkpoint() const { return m_checkpoint; }
    const TensorTree *tree() const { return m_tree.get(); }
    std::shared_ptr<const TensorTree> sharedTree() const { return m_tree; } ///< for working threads
    std::uint32_t nodeAt(const QModelIndex &index) const { return static_cast<std::uint32_t>(index.internalId()); }
    QModelIndex indexOf(std::uint32_t node, int column = 0) const;
    /// Of a leaf's tensors together; empty until all are measured.
    std::optional<Statistics> statisticsOf(std::uint32_t node) const;

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &index) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    bool hasChildren(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString text(const TensorTree::Node &node, std::uint32_t index, int column) const;
    QString toolTip(const TensorTree::Node &node) const;

    Session &m_session;
    Side m_side = Side::Source;
    CheckpointPtr m_checkpoint;
    std::shared_ptr<const TensorTree> m_tree;
};

/// Shows the nodes that a filter accepted. The filter runs elsewhere; here is a look-up.
class TensorFilterModel : public QSortFilterProxyModel
{
    Q_OBJECT
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    /// By node; empty: everything.
    void setAccepted(std::vector<bool> accepted);

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override;

private:
    std::vector<bool> m_accepted;
};

} // namespace rekey::ui
