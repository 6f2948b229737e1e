// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/keytree.h"
#include "ui/document/session.h"
#include "ui/models/keyfilter.h"
#include "ui/theme/theme.h"

#include <QAbstractItemModel>

#include <memory>
#include <vector>

namespace rekey::ui {

/// A key tree with what the mapping makes of it. One row a node; children are handed out as the view asks for them.
/// Holds no text: names and shapes are read from core's tree when a row is painted.
class KeyTreeModel : public QAbstractItemModel
{
    Q_OBJECT
public:
    enum Role {
        NodeRole = Qt::UserRole, ///< index of the node
        StatusRole,              ///< Status of the worst key below, as int
        TagRole,                 ///< "×6" or empty
        DetailRole,              ///< right-aligned: shapes, or the number of keys
        ShortDetailRole,         ///< the same where there is less room
        PartnerRole,             ///< a partner of the selection on the other side
        FadedRole,               ///< no place to drop what is being dragged
        KeyRole,                 ///< whole template of the path
    };

    explicit KeyTreeModel(Side side, QObject *parent = nullptr);

    void setTree(std::shared_ptr<const KeyTree> tree, std::shared_ptr<const Schema> schema);
    void setStatuses(std::vector<Status> byTensor, std::shared_ptr<const Resolution> resolution, std::shared_ptr<const Mapping> mapping);
    /// Rows to show, by node; null: all. Computed by visibleNodes() off the GUI thread. Returns whether that changed rows.
    bool setVisible(std::shared_ptr<const std::vector<bool>> nodes);
    /// Sorts siblings by the place of their partners on the other side, so that curves run side by side. `place`: by schema
    /// index, none without partner. Empty: file order.
    void setOrder(const std::vector<std::uint32_t> &place);
    /// Frames the topmost rows all of whose keys are among `tensors`, and leaves that hold some. Returns them in order.
    std::vector<std::uint32_t> setPartners(const std::vector<std::uint32_t> &tensors);
    /// Fades the rows that take a different number of values; 0: none.
    void setDragValues(std::uint64_t values);

    Side side() const { return m_side; }
    const std::shared_ptr<const KeyTree> &tree() const { return m_tree; }
    const std::shared_ptr<const Schema> &schema() const { return m_schema; }
    const std::vector<Status> &tensorStatuses() const { return m_tensorStatus; }
    Status nodeStatus(std::uint32_t node) const;
    bool isEmpty() const { return rowCount() == 0; }

    QModelIndex indexOf(std::uint32_t node) const;
    std::uint32_t nodeOf(const QModelIndex &index) const;

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

private:
    const std::vector<std::uint32_t> &children(std::uint32_t node) const;
    QString detail(std::uint32_t node) const;
    QString toolTip(std::uint32_t node) const;
    void rebuildRows();

    Side m_side;
    std::shared_ptr<const KeyTree> m_tree;
    std::shared_ptr<const Schema> m_schema;
    std::shared_ptr<const Resolution> m_resolution;
    std::shared_ptr<const Mapping> m_mapping;
    std::shared_ptr<const std::vector<bool>> m_visible;
    std::vector<std::uint32_t> m_row;                           ///< of each node within its parent
    std::vector<std::vector<std::uint32_t>> m_children;         ///< in the order shown; empty: the tree's own
    std::vector<std::vector<std::uint32_t>> m_filteredChildren; ///< when filtered
    std::vector<Status> m_tensorStatus, m_nodeStatus;
    std::vector<bool> m_partner;
    std::uint64_t m_dragValues = 0;
};

/// By node: whether something below it passes.
std::vector<bool> visibleNodes(const KeyTree &tree, const Schema &schema, const std::vector<Status> &byTensor, const KeyFilter &filter);

} // namespace rekey::ui
