// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritytable.h"

#include "ui/parity/paritycells.h"
#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QHoverEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QStyledItemDelegate>

namespace rekey::ui {

namespace {

constexpr int rowHeight = 24, headerHeight = 28, padding = 12;

class ParityDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {80, rowHeight}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const QVariant value = index.data(ParityStatusRole);
        const Status status = value.isValid() ? static_cast<Status>(value.toInt()) : Status::None;
        const QString text = index.data().toString(), chip = index.data(ParityChipRole).toString();
        painter->save();
        const QRect cell = option.rect.adjusted(padding, 0, -padding / 2, 0);
        if (!chip.isEmpty()) {
            const int wide = chipWidth(chip, text);
            paintChip(*painter, QRect(cell.left(), cell.top(), wide, cell.height()), chip, text, theme.status(status));
        } else {
            const QFont font = index.data(ParityFixedRole).toBool() ? fixedFont() : tabular(secondaryFont());
            const QColor ink = status != Status::None                 ? theme.status(status).foreground
                               : index.data(ParityQuietRole).toBool() ? theme.text2
                                                                      : theme.text;
            paintText(*painter, cell, text, font, ink, Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt()));
        }
        painter->restore();
    }
};

/// 12-px titles in text2 over a hairline, in line with the cells; a chevron says what the rows are sorted by.
class ParityHeader : public QHeaderView
{
public:
    explicit ParityHeader(QWidget *parent)
        : QHeaderView(Qt::Horizontal, parent)
    {
        setFixedHeight(headerHeight);
        setSectionsClickable(true);
        setHighlightSections(false);
        setStretchLastSection(true);
        setMinimumSectionSize(40);
    }

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override
    {
        const Theme theme = Theme::of(palette());
        painter->fillRect(rect, theme.base);
        paintLineBelow(*painter, rect, theme.line);
        const Qt::Alignment alignment(model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole).toInt());
        QRect title = rect.adjusted(padding, 0, -padding / 2, 0);
        if (sortIndicatorSection() == section) {
            const bool right = alignment & Qt::AlignRight;
            const int wide = QFontMetrics(secondaryFont()).horizontalAdvance(model()->headerData(section, Qt::Horizontal).toString());
            const int x = right ? title.right() - wide - 16 : title.left() + wide + 4;
            const qreal turn = sortIndicatorOrder() == Qt::AscendingOrder ? 180 : 0;
            painter->save();
            painter->translate(x + 6, rect.center().y() + 0.5);
            painter->rotate(turn);
            painter->drawPixmap(QPoint(-6, -6), iconPixmap(QStringLiteral("chevron-down"), 12, devicePixelRatioF(), theme.text2));
            painter->restore();
        }
        paintText(*painter, title, model()->headerData(section, Qt::Horizontal).toString(), secondaryFont(), theme.text2, alignment);
    }
};

} // namespace

ParityFilter::ParityFilter(QObject *parent)
    : QSortFilterProxyModel(parent)
{
    setSortRole(ParitySortRole);
    setSortCaseSensitivity(Qt::CaseInsensitive);
}

void ParityFilter::setFindingsOnly(bool on)
{
    m_findingsOnly = on;
    invalidateFilter();
}

void ParityFilter::setWords(const QString &text)
{
    m_words = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

bool ParityFilter::filterAcceptsRow(int row, const QModelIndex &parent) const
{
    const QModelIndex first = sourceModel()->index(row, 0, parent);
    if (m_findingsOnly && !first.data(ParityFindingRole).toBool())
        return false;
    return std::all_of(m_words.begin(), m_words.end(), [&](const QString &word) {
        for (int column = 0; column < sourceModel()->columnCount(); ++column)
            if (first.siblingAtColumn(column).data().toString().contains(word, Qt::CaseInsensitive))
                return true;
        return false;
    });
}

ParityTable::ParityTable(QAbstractItemModel *model, const QList<int> &widths, QWidget *parent)
    : QTreeView(parent)
    , m_filter(new ParityFilter(this))
{
    m_filter->setSourceModel(model);
    setModel(m_filter);
    setItemDelegate(new ParityDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setRootIsDecorated(false);
    setIndentation(0);
    setItemsExpandable(false);
    setUniformRowHeights(true);
    setEditTriggers(NoEditTriggers);
    setSelectionBehavior(SelectRows);
    setVerticalScrollMode(ScrollPerPixel);
    setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_Hover);
    setHeader(new ParityHeader(this));
    header()->setSortIndicatorClearable(true);
    setSortingEnabled(true);
    sortByColumn(-1, Qt::AscendingOrder);
    for (int column = 0; column < widths.size(); ++column)
        header()->resizeSection(column, widths[column]);
    connect(selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex &current) {
        if (!m_quiet && current.isValid())
            Q_EMIT rowChosen(current.data(ParityRowRole).toInt());
    });
    connect(this, &QAbstractItemView::activated, this,
            [this](const QModelIndex &index) { Q_EMIT rowActivated(index.data(ParityRowRole).toInt()); });
}

int ParityTable::currentRow() const
{
    return currentIndex().isValid() ? currentIndex().data(ParityRowRole).toInt() : -1;
}

void ParityTable::setCurrentRow(int row)
{
    const QModelIndex index = m_filter->mapFromSource(m_filter->sourceModel()->index(row, 0));
    if (row == currentRow() || (row >= 0 && !index.isValid()))
        return;
    m_quiet = true;
    setCurrentIndex(index);
    m_quiet = false;
    if (index.isValid())
        scrollTo(index);
}

bool ParityTable::viewportEvent(QEvent *event)
{
    QModelIndex over = m_hovered;
    if (event->type() == QEvent::HoverMove)
        over = indexAt(static_cast<QHoverEvent *>(event)->position().toPoint()).siblingAtColumn(0);
    else if (event->type() == QEvent::HoverLeave || event->type() == QEvent::Leave)
        over = QModelIndex();
    if (over != m_hovered) {
        m_hovered = over;
        viewport()->update();
    }
    return QTreeView::viewportEvent(event);
}

void ParityTable::drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Theme theme = Theme::of(palette());
    const QRect row(0, option.rect.y(), viewport()->width(), option.rect.height());
    if (selectionModel()->isRowSelected(index.row(), index.parent()))
        painter->fillRect(row, theme.sel);
    else if (m_hovered == index.siblingAtColumn(0))
        painter->fillRect(row, theme.hover);
    QStyleOptionViewItem cell;
    initViewItemOption(&cell);
    for (int column = 0; column < model()->columnCount(); ++column) {
        cell.rect = QRect(columnViewportPosition(column), row.y(), columnWidth(column), row.height());
        itemDelegate()->paint(painter, cell, index.siblingAtColumn(column));
    }
    if (hasFocus() && currentIndex().siblingAtColumn(0) == index.siblingAtColumn(0))
        painter->fillRect(QRect(0, row.y(), 2, row.height()), theme.accent);
}

void ParityTable::keyPressEvent(QKeyEvent *event)
{
    if (!event->matches(QKeySequence::Copy) || !currentIndex().isValid())
        return QTreeView::keyPressEvent(event);
    QStringList cells;
    for (int column = 0; column < model()->columnCount(); ++column)
        cells << currentIndex().siblingAtColumn(column).data().toString();
    QGuiApplication::clipboard()->setText(cells.join(QLatin1Char('\t')));
}

} // namespace rekey::ui
