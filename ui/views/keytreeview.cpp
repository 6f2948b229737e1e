// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/keytreeview.h"

#include "ui/models/keystatus.h"
#include "ui/views/markedscrollbar.h"
#include "ui/window/paintkit.h"

#include <QApplication>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QHoverEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScopedValueRollback>
#include <QStyledItemDelegate>

namespace rekey::ui {

namespace {

constexpr int keyRowHeight = 24;
constexpr int indent = 16;
constexpr int textInset = 12; ///< from QTreeView's own item edge to the status icon
/// Above this many expanded rows the scroll bar shows no marks: finding them would take longer than a frame.
constexpr int mostMarkedRows = 20'000;

class KeyDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {120, keyRowHeight}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const bool faded = index.data(KeyTreeModel::FadedRole).toBool();
        const auto status = static_cast<Status>(index.data(KeyTreeModel::StatusRole).toInt());
        const int middle = option.rect.center().y() + 1;
        int x = option.rect.x() + textInset;
        painter->save();
        if (status != Status::None) {
            const QColor colour = faded ? theme.text3 : theme.status(status).foreground;
            painter->drawPixmap(x, middle - 8, iconPixmap(statusIcon(status), 16, painter->device()->devicePixelRatioF(), colour));
            x += 20;
        }
        const int right = option.rect.right() - 10;
        const QFont small = detailFont();
        const QString whole = index.data().toString(), tag = index.data(KeyTreeModel::TagRole).toString();
        const int tagRoom = tag.isEmpty() ? 0 : tagWidth(tag) + 8;
        // In a narrow tree the name comes first: a shorter detail, then none.
        QString detail = index.data(KeyTreeModel::DetailRole).toString();
        const int nameRoom = right - 8 - x - tagRoom - QFontMetrics(option.font).horizontalAdvance(whole);
        if (QFontMetrics(small).horizontalAdvance(detail) > nameRoom)
            detail = index.data(KeyTreeModel::ShortDetailRole).toString();
        if (QFontMetrics(small).horizontalAdvance(detail) > std::max(nameRoom, 40))
            detail.clear();
        const int detailWidth = QFontMetrics(small).horizontalAdvance(detail);
        painter->setFont(small);
        painter->setPen(theme.text3);
        painter->drawText(QRect(right - detailWidth, option.rect.y(), detailWidth + 1, keyRowHeight), Qt::AlignVCenter | Qt::AlignRight,
                          detail);

        const int room = right - detailWidth - 8 - x - tagRoom;
        painter->setFont(option.font);
        painter->setPen(faded ? theme.text3 : theme.text);
        const QFontMetrics metrics(option.font);
        const QString name = metrics.elidedText(whole, Qt::ElideMiddle, room);
        painter->drawText(QRect(x, option.rect.y(), room + 2, keyRowHeight), Qt::AlignVCenter | Qt::AlignLeft, name);
        if (!tag.isEmpty())
            paintTag(*painter, QRect(x + metrics.horizontalAdvance(name) + 8, option.rect.y(), 60, keyRowHeight), tag, theme);
        painter->restore();
    }

private:
    static QFont detailFont()
    {
        QFont font = fixedFont();
        font.setPixelSize(smallFont().pixelSize());
        return font;
    }
};

} // namespace

KeyTreeView::KeyTreeView(KeyTreeModel *model, QWidget *parent)
    : QTreeView(parent)
    , m_model(model)
{
    auto *bar = new MarkedScrollBar([this] {
        std::vector<MarkedScrollBar::Mark> marks;
        const Theme theme = Theme::of(palette());
        std::vector<std::pair<int, Status>> open;
        int row = 0;
        for (QModelIndex index = m_model->index(0, 0); index.isValid() && row < mostMarkedRows; index = indexBelow(index), ++row) {
            const auto status = static_cast<Status>(index.data(KeyTreeModel::StatusRole).toInt());
            if (isOpenQuestion(status) && !(isExpanded(index) && m_model->hasChildren(index)))
                open.emplace_back(row, status);
        }
        if (row < mostMarkedRows) {
            for (const auto &[place, status] : open)
                marks.push_back({static_cast<double>(place) / std::max(1, row), theme.status(status).foreground});
        }
        return marks;
    });
    setVerticalScrollBar(bar);
    setModel(model);
    setItemDelegate(new KeyDelegate(this));
    setHeaderHidden(true);
    setUniformRowHeights(true);
    setIndentation(indent);
    setFrameShape(QFrame::NoFrame);
    setSelectionMode(ExtendedSelection);
    setSelectionBehavior(SelectRows);
    setEditTriggers(NoEditTriggers);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerPixel);
    setMouseTracking(true);
    setExpandsOnDoubleClick(true);
    verticalScrollBar()->setSingleStep(keyRowHeight);
    viewport()->setAttribute(Qt::WA_Hover);
    const auto moved = [this, bar] {
        bar->marksChanged();
        Q_EMIT rowsMoved();
    };
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, &KeyTreeView::rowsMoved);
    connect(this, &QTreeView::expanded, this, moved);
    connect(this, &QTreeView::collapsed, this, moved);
    connect(model, &QAbstractItemModel::modelReset, this, moved, Qt::QueuedConnection);
    connect(model, &QAbstractItemModel::dataChanged, this, [this, moved] {
        viewport()->update();
        moved();
    });
}

QList<QModelIndex> KeyTreeView::rowsInSight() const
{
    QList<QModelIndex> rows;
    for (QModelIndex index = indexAt({1, 1}); index.isValid(); index = indexBelow(index)) {
        if (visualRect(index).top() >= viewport()->height())
            break;
        rows.append(index);
    }
    return rows;
}

QModelIndex KeyTreeView::shownRow(std::uint32_t node) const
{
    QModelIndex index = m_model->indexOf(node);
    QModelIndex shown = index;
    for (QModelIndex up = index.parent(); up.isValid(); up = up.parent()) {
        if (!isExpanded(up))
            shown = up;
    }
    return shown;
}

void KeyTreeView::reveal(std::uint32_t node)
{
    const QModelIndex index = m_model->indexOf(node);
    if (!index.isValid())
        return;
    for (QModelIndex up = index.parent(); up.isValid(); up = up.parent())
        expand(up);
    scrollTo(index, EnsureVisible);
}

void KeyTreeView::expandFirstLevels()
{
    // Enough to see the blocks, never more rows than fit a few screens.
    const int rows = m_model->rowCount();
    for (int row = 0; row < rows && rows <= 12; ++row) {
        const QModelIndex top = m_model->index(row, 0);
        if (m_model->rowCount(top) <= 40)
            expand(top);
        for (int below = 0; rows <= 6 && below < m_model->rowCount(top); ++below) {
            const QModelIndex child = m_model->index(below, 0, top);
            if (!child.data(KeyTreeModel::TagRole).toString().isEmpty())
                expand(child);
        }
    }
}

void KeyTreeView::setDropRow(const QModelIndex &index)
{
    m_dropRow = index;
    viewport()->update();
}

void KeyTreeView::setHovered(const QModelIndex &index)
{
    if (m_hovered == index)
        return;
    m_hovered = index;
    viewport()->update();
    Q_EMIT hoveredChanged();
}

std::vector<std::uint32_t> KeyTreeView::selectedTensors() const
{
    std::vector<std::uint32_t> tensors;
    for (const QModelIndex &index : selectionModel()->selectedRows()) {
        const auto below = m_model->tree()->tensorsBelow(m_model->nodeOf(index));
        tensors.insert(tensors.end(), below.begin(), below.end());
    }
    std::sort(tensors.begin(), tensors.end());
    tensors.erase(std::unique(tensors.begin(), tensors.end()), tensors.end());
    return tensors;
}

void KeyTreeView::showSelection(const std::vector<std::uint32_t> &nodes, bool scroll)
{
    const QScopedValueRollback quiet(m_quiet, true);
    QItemSelection selection;
    for (const std::uint32_t node : nodes) {
        const QModelIndex index = m_model->indexOf(node);
        if (index.isValid())
            selection.select(index, index);
    }
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    if (!nodes.empty() && scroll)
        reveal(nodes.front());
}

void KeyTreeView::selectionChanged(const QItemSelection &selected, const QItemSelection &deselected)
{
    QTreeView::selectionChanged(selected, deselected);
    if (!m_quiet && m_model->tree())
        Q_EMIT tensorsSelected(selectedTensors());
}

bool KeyTreeView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::HoverMove)
        setHovered(indexAt(static_cast<QHoverEvent *>(event)->position().toPoint()));
    else if (event->type() == QEvent::HoverLeave || event->type() == QEvent::Leave)
        setHovered({});
    return QTreeView::viewportEvent(event);
}

void KeyTreeView::copyKeys() const
{
    QStringList keys;
    for (const std::uint32_t tensor : selectedTensors())
        keys.append(QString::fromStdString(m_model->schema()->tensors[tensor].key));
    QApplication::clipboard()->setText(keys.join(QLatin1Char('\n')));
}

void KeyTreeView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy) && m_model->tree()) {
        copyKeys();
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && event->modifiers() == Qt::NoModifier) {
        Q_EMIT ruleAsked();
        return;
    }
    QTreeView::keyPressEvent(event);
}

void KeyTreeView::contextMenuEvent(QContextMenuEvent *event)
{
    if (m_model->tree() && selectionModel()->hasSelection())
        Q_EMIT menuAsked(event->reason() == QContextMenuEvent::Keyboard ? viewport()->mapToGlobal(visualRect(currentIndex()).center())
                                                                        : event->globalPos());
}

void KeyTreeView::mousePressEvent(QMouseEvent *event)
{
    // The chevron is painted further right than QTreeView's own branch area.
    const QModelIndex index = indexAt(event->position().toPoint());
    const int chevronEnd = visualRect(index).x() + textInset - 4;
    if (index.isValid() && event->button() == Qt::LeftButton && event->position().x() < chevronEnd
        && event->position().x() >= chevronEnd - keyRowHeight && m_model->rowCount(index) > 0) {
        setExpanded(index, !isExpanded(index));
        return;
    }
    QTreeView::mousePressEvent(event);
}

void KeyTreeView::updateGeometries()
{
    QTreeView::updateGeometries();
    Q_EMIT rowsMoved();
}

void KeyTreeView::drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Theme theme = Theme::of(palette());
    const QRect row(0, option.rect.y(), viewport()->width(), option.rect.height());
    const bool selected = selectionModel()->isSelected(index);
    if (selected)
        painter->fillRect(row, theme.sel);
    else if (m_hovered == index)
        painter->fillRect(row, theme.hover);
    const bool dropHere = m_dropRow == index;
    if (dropHere || (!selected && index.data(KeyTreeModel::PartnerRole).toBool())) {
        painter->setPen(QPen(theme.accent, dropHere ? 2 : 1));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(QRectF(row).adjusted(0.5, 0.5, -0.5, -0.5));
    }
    if (hasFocus() && currentIndex() == index)
        painter->fillRect(QRect(0, row.y(), 2, row.height()), theme.accent);

    const QRect item = visualRect(index);
    if (m_model->rowCount(index) > 0) {
        const QString chevron = isExpanded(index) ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right");
        painter->drawPixmap(item.x() + textInset - 19, item.center().y() - 6, iconPixmap(chevron, 14, devicePixelRatioF(), theme.text3));
    }
    QStyleOptionViewItem itemOption;
    initViewItemOption(&itemOption);
    itemOption.rect = item;
    itemOption.palette = palette();
    itemDelegate()->paint(painter, itemOption, index);
}

} // namespace rekey::ui
