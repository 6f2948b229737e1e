// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/cellview.h"

#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QHoverEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QStyledItemDelegate>

namespace rekey::ui {

namespace {

constexpr int cellHeight = 24, headingHeight = 28;
constexpr int cellPadding = 12;
constexpr int measuredRows = 200; ///< for the width of a column

QFont cellFont(const QModelIndex &index)
{
    if (index.data(CellHeadingRole).toBool())
        return headerFont();
    return index.data(CellFixedRole).toBool() ? fixedFont() : secondaryFont();
}

int iconRoom(const QModelIndex &index)
{
    return index.data(CellIconRole).toString().isEmpty() ? 0 : 20;
}

class CellDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const override
    {
        const int wide = QFontMetrics(cellFont(index)).horizontalAdvance(index.data().toString());
        return {cellPadding + iconRoom(index) + wide + 4, index.data(CellHeadingRole).toBool() ? headingHeight : cellHeight};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const QVariant statusValue = index.data(CellStatusRole);
        const Status status = statusValue.isValid() ? static_cast<Status>(statusValue.toInt()) : Status::None;
        const auto ink = static_cast<CellInk>(index.data(CellInkRole).toInt());
        const QColor statusColour = status == Status::None ? theme.text2 : theme.status(status).foreground;
        int x = option.rect.x() + (index.column() == 0 ? cellPadding : 0);
        painter->save();
        if (const QString name = index.data(CellIconRole).toString(); !name.isEmpty()) {
            painter->drawPixmap(x, option.rect.center().y() - 6,
                                iconPixmap(name, 14, painter->device()->devicePixelRatioF(), statusColour));
            x += 20;
        }
        paintText(*painter, QRect(x, option.rect.y(), option.rect.right() - x - 3, option.rect.height()), index.data().toString(),
                  cellFont(index), ink == CellInk::Text ? theme.text : ink == CellInk::Quiet ? theme.text2 : statusColour);
        painter->restore();
    }
};

} // namespace

CellView::CellView(QAbstractItemModel *model, QWidget *parent)
    : QTreeView(parent)
{
    setModel(model);
    setItemDelegate(new CellDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setHeaderHidden(true);
    setRootIsDecorated(false);
    setIndentation(0);
    setItemsExpandable(true);
    setEditTriggers(NoEditTriggers);
    setSelectionMode(ExtendedSelection);
    setSelectionBehavior(SelectRows);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTextElideMode(Qt::ElideMiddle);
    setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_Hover);
    verticalScrollBar()->setSingleStep(cellHeight);
    header()->setMinimumSectionSize(20);
    connect(model, &QAbstractItemModel::modelReset, this, &CellView::fitColumns);
    connect(model, &QAbstractItemModel::rowsInserted, this, &CellView::fitColumns);
}

void CellView::setStretchedColumns(const QList<int> &columns)
{
    m_stretched = columns;
    fitColumns();
}

void CellView::fitColumns()
{
    const int columns = model()->columnCount();
    int left = viewport()->width();
    for (int column = 0; column < columns; ++column) {
        if (m_stretched.contains(column))
            continue;
        int wide = 0, seen = 0;
        for (QModelIndex index = model()->index(0, column); index.isValid() && seen < measuredRows; ++seen) {
            if (!index.data(CellHeadingRole).toBool())
                wide = std::max(wide, itemDelegate()->sizeHint({}, index).width() + cellPadding);
            const QModelIndex first = index.siblingAtColumn(0);
            for (int row = 0; row < std::min(model()->rowCount(first), measuredRows); ++row)
                wide = std::max(wide, itemDelegate()->sizeHint({}, model()->index(row, column, first)).width() + cellPadding);
            index = index.sibling(index.row() + 1, column);
        }
        wide = std::clamp(wide, 20, std::max(20, viewport()->width() * 2 / 5));
        header()->resizeSection(column, wide);
        left -= wide;
    }
    for (const int column : std::as_const(m_stretched)) {
        if (column < columns)
            header()->resizeSection(column, std::max(60, left / static_cast<int>(m_stretched.size())));
    }
}

void CellView::resizeEvent(QResizeEvent *event)
{
    QTreeView::resizeEvent(event);
    fitColumns();
}

bool CellView::viewportEvent(QEvent *event)
{
    QModelIndex over = m_hovered;
    if (event->type() == QEvent::HoverMove)
        over = indexAt(static_cast<QHoverEvent *>(event)->position().toPoint());
    else if (event->type() == QEvent::HoverLeave || event->type() == QEvent::Leave)
        over = QModelIndex();
    over = over.siblingAtColumn(0);
    if (over != m_hovered) {
        m_hovered = over;
        viewport()->update();
    }
    return QTreeView::viewportEvent(event);
}

void CellView::drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Theme theme = Theme::of(palette());
    const QRect row(0, option.rect.y(), viewport()->width(), option.rect.height());
    const bool selected = selectionModel()->isRowSelected(index.row(), index.parent());
    const bool heading = index.data(CellHeadingRole).toBool();
    painter->fillRect(row, selected                                            ? theme.sel
                           : m_hovered == index.siblingAtColumn(0) && !heading ? theme.hover
                           : heading                                           ? theme.alt
                                                                               : theme.base);
    paintLineBelow(*painter, row, theme.line);
    QStyleOptionViewItem cell;
    initViewItemOption(&cell);
    cell.palette = palette();
    for (int column = 0; column < model()->columnCount(); ++column) {
        cell.rect = QRect(columnViewportPosition(column), row.y(), columnWidth(column), row.height());
        if (heading && column == 0)
            cell.rect.setRight(row.right());
        itemDelegate()->paint(painter, cell, index.siblingAtColumn(column));
        if (heading)
            break;
    }
    if (hasFocus() && currentIndex().siblingAtColumn(0) == index.siblingAtColumn(0))
        painter->fillRect(QRect(0, row.y(), 2, row.height()), theme.accent);
}

void CellView::copyRows() const
{
    QStringList lines;
    for (const QModelIndex &row : selectionModel()->selectedRows()) {
        QStringList cells;
        for (int column = 0; column < model()->columnCount(); ++column)
            cells.append(row.siblingAtColumn(column).data().toString());
        lines.append(cells.join(QLatin1Char('\t')));
    }
    if (!lines.isEmpty())
        QApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

void CellView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy))
        copyRows();
    else
        QTreeView::keyPressEvent(event);
}

void CellView::contextMenuEvent(QContextMenuEvent *event)
{
    if (!selectionModel()->hasSelection())
        return;
    QMenu menu;
    menu.addAction(icon(QStringLiteral("copy")), tr("Copy\tCtrl+C"), this, [this] { copyRows(); });
    menu.exec(event->globalPos());
}

} // namespace rekey::ui
