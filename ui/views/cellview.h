// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/cellroles.h"

#include <QList>
#include <QPersistentModelIndex>
#include <QTreeView>

namespace rekey::ui {

/// Rows of facts in a panel: 24 high, a hairline below each, no grid and no header. Ctrl+C copies whole texts.
class CellView : public QTreeView
{
    Q_OBJECT
public:
    explicit CellView(QAbstractItemModel *model, QWidget *parent = nullptr);
    /// These columns share what the others leave; the others are as wide as their texts, at most two fifths of the view.
    void setStretchedColumns(const QList<int> &columns);

protected:
    void drawBranches(QPainter *, const QRect &, const QModelIndex &) const override {}
    void drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool viewportEvent(QEvent *event) override;

private:
    void fitColumns();
    void copyRows() const;
    QList<int> m_stretched{0};
    QPersistentModelIndex m_hovered;
};

} // namespace rekey::ui
