// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/keytreemodel.h"

#include <QPointer>
#include <QTreeView>

namespace rekey::ui {

/// A key tree of the Map room: 24-px rows, chevrons, status, ×6, shapes; open questions marked on the scroll bar.
class KeyTreeView : public QTreeView
{
    Q_OBJECT
public:
    explicit KeyTreeView(KeyTreeModel *model, QWidget *parent = nullptr);

    KeyTreeModel *keys() const { return m_model; }
    /// Rows that are at least partly in sight, top down.
    QList<QModelIndex> rowsInSight() const;
    /// Expands what hides the node and scrolls to it.
    void reveal(std::uint32_t node);
    /// The nearest row that shows the node: itself or a collapsed ancestor.
    QModelIndex shownRow(std::uint32_t node) const;
    void expandFirstLevels();
    void setDropRow(const QModelIndex &index); ///< framed while something is dragged over it
    QModelIndex hovered() const { return m_hovered; }
    std::vector<std::uint32_t> selectedTensors() const;
    /// Selects rows without tensorsSelected().
    void showSelection(const std::vector<std::uint32_t> &nodes, bool scroll);
    void copyKeys() const; ///< of all selected rows, one a line

Q_SIGNALS:
    void rowsMoved();             ///< scrolled, expanded, laid out: curves have to follow
    void tensorsSelected(const std::vector<std::uint32_t> &tensors); ///< by a person
    void hoveredChanged();
    void ruleAsked();                         ///< Enter: from the keys to their rule
    void menuAsked(const QPoint &globalPosition);

protected:
    void drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void selectionChanged(const QItemSelection &selected, const QItemSelection &deselected) override;
    bool viewportEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void updateGeometries() override;

private:
    void setHovered(const QModelIndex &index);

    KeyTreeModel *m_model;
    QPersistentModelIndex m_hovered, m_dropRow;
    bool m_quiet = false; ///< a selection made by the program is not a person's
};

} // namespace rekey::ui
