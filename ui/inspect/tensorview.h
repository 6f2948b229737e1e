// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHeaderView>
#include <QTreeView>

namespace rekey::ui {

class Sparklines;
class TensorModel;

/// The Inspect room's tree: 24-px rows, chevrons, size bars and sparklines, all painted.
class TensorView : public QTreeView
{
    Q_OBJECT
public:
    TensorView(TensorModel &model, Sparklines &sparklines, QWidget *parent = nullptr);

protected:
    void drawBranches(QPainter *painter, const QRect &rect, const QModelIndex &index) const override;
    void drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void resizeEvent(QResizeEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    void sizeColumns();
};

} // namespace rekey::ui
