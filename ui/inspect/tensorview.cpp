// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/tensorview.h"

#include "ui/inspect/sparklines.h"
#include "ui/inspect/tensormodel.h"
#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int rowHeight = 24;
constexpr int indent = 16;
constexpr int edge = 5; ///< between the left edge and the outermost chevrons

class TensorDelegate : public QStyledItemDelegate
{
public:
    TensorDelegate(TensorModel &model, Sparklines &sparklines, QObject *parent)
        : QStyledItemDelegate(parent)
        , m_model(model)
        , m_sparklines(sparklines)
    {
    }

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {60, rowHeight}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        switch (index.column()) {
        case TensorModel::Key: return paintKey(*painter, option, index, theme);
        case TensorModel::Size: return paintSize(*painter, option, index, theme);
        case TensorModel::HistogramColumn: return paintBars(*painter, option, index, theme);
        default: break;
        }
        const bool quiet = index.column() == TensorModel::ShapeColumn;
        QFont font = quiet ? fixedFont() : tabular(index.column() == TensorModel::Values ? option.font : secondaryFont());
        if (quiet)
            font.setPixelSize(smallFont().pixelSize());
        paintText(*painter, option.rect.adjusted(4, 0, -8, 0), index.data().toString(), font,
                  quiet                                   ? theme.text3
                  : index.column() == TensorModel::Values ? theme.text
                                                          : theme.text2,
                  Qt::AlignRight | Qt::AlignVCenter);
    }

private:
    static void paintKey(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme)
    {
        const bool leaf = index.data(TensorModel::LeafRole).toBool();
        const QRect row = option.rect.adjusted(edge, 0, 0, 0);
        painter.drawPixmap(QPoint(row.left() + 2, row.top() + 5), iconPixmap(leaf ? QStringLiteral("tensor") : QStringLiteral("group"), 14,
                                                                             painter.device()->devicePixelRatioF(), theme.text2));
        const QString text = index.data().toString(), tag = index.data(TensorModel::TagRole).toString();
        const int tagWidth = tag.isEmpty() ? 0 : QFontMetrics(smallFont()).horizontalAdvance(tag) + 18;
        const int room = row.width() - 24 - tagWidth;
        const int wide = std::min(QFontMetrics(option.font).horizontalAdvance(text) + 1, room);
        paintText(painter, QRect(row.left() + 22, row.top(), wide, row.height()), text, option.font, theme.text);
        if (!tag.isEmpty())
            paintTag(painter, QRect(row.left() + 22 + wide + 8, row.top(), tagWidth, row.height()), tag, theme);
    }

    static void paintSize(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme)
    {
        const QRectF track(option.rect.left() + 4, option.rect.center().y() - 1.5, option.rect.width() - 16, 4);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(mix(theme.base, theme.text, 0.10));
        painter.drawRoundedRect(track, 2, 2);
        painter.setBrush(theme.text2);
        painter.drawRoundedRect(
            QRectF(track.topLeft(), QSizeF(std::max(4.0, track.width() * index.data(TensorModel::FractionRole).toDouble()), 4)), 2, 2);
    }

    void paintBars(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const
    {
        if (!index.data(TensorModel::LeafRole).toBool() || m_model.tree() == nullptr)
            return;
        const std::uint32_t node = index.data(TensorModel::NodeRole).toUInt();
        const Sparklines::Bars *bars = m_sparklines.bars(node, m_model.tree()->nodes[node].tensors);
        if (bars == nullptr || *std::max_element(bars->begin(), bars->end()) == 0)
            return;
        const QRectF area = QRectF(option.rect).adjusted(4, 4, -12, -4);
        const double step = area.width() / static_cast<double>(bars->size());
        const QColor ink = mix(theme.base, m_model.side() == Side::Source ? theme.src : theme.tgt, 0.78);
        painter.setRenderHint(QPainter::Antialiasing, false);
        for (std::size_t i = 0; i < bars->size(); ++i) {
            if ((*bars)[i] == 0)
                continue;
            const double height = std::max(1.0, area.height() * (*bars)[i] / 255.0);
            const double left = area.left() + static_cast<double>(i) * step;
            painter.fillRect(QRectF(left, area.bottom() - height, step, height), ink);
        }
    }

    TensorModel &m_model;
    Sparklines &m_sparklines;
};

/// 12-px titles in text2 over a hairline.
class TensorHeader : public QHeaderView
{
public:
    explicit TensorHeader(QWidget *parent)
        : QHeaderView(Qt::Horizontal, parent)
    {
        setFixedHeight(rowHeight);
        setSectionsClickable(false);
        setHighlightSections(false);
        setStretchLastSection(false);
        setMinimumSectionSize(40);
    }

protected:
    void paintSection(QPainter *painter, const QRect &rect, int section) const override
    {
        const Theme theme = Theme::of(palette());
        painter->fillRect(rect, theme.base);
        const int alignment = model()->headerData(section, Qt::Horizontal, Qt::TextAlignmentRole).toInt();
        paintText(*painter, rect.adjusted(section == 0 ? 32 + edge : 4, 0, -8, 0), model()->headerData(section, Qt::Horizontal).toString(),
                  secondaryFont(), theme.text2, Qt::Alignment(alignment));
        const qreal hairline = 1.0 / devicePixelRatioF();
        painter->fillRect(QRectF(rect.left(), rect.bottom() + 1 - hairline, rect.width(), hairline), theme.line);
    }
};

} // namespace

TensorView::TensorView(TensorModel &model, Sparklines &sparklines, QWidget *parent)
    : QTreeView(parent)
{
    setHeader(new TensorHeader(this));
    setItemDelegate(new TensorDelegate(model, sparklines, this));
    setUniformRowHeights(true);
    setIndentation(indent);
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setExpandsOnDoubleClick(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    setAccessibleName(tr("Keys"));
    setContextMenuPolicy(Qt::ActionsContextMenu);
    auto *copy = new QAction(icon(QStringLiteral("copy")), tr("Copy key"), this);
    connect(copy, &QAction::triggered, this, [this] {
        // The first line of the tool tip is the whole key.
        QGuiApplication::clipboard()->setText(currentIndex().data(Qt::ToolTipRole).toString().section(QLatin1Char('\n'), 0, 0));
    });
    addAction(copy);
    connect(&sparklines, &Sparklines::changed, viewport(), qOverload<>(&QWidget::update));
}

void TensorView::sizeColumns()
{
    if (model() == nullptr || model()->columnCount() < TensorModel::ColumnCount)
        return;
    const std::pair<int, int> widths[]
        = {{TensorModel::ShapeColumn, 100},    {TensorModel::Values, 66}, {TensorModel::Size, 60},
           {TensorModel::HistogramColumn, 88}, {TensorModel::Mean, 60},   {TensorModel::StandardDeviation, 62}};
    int taken = 0;
    for (const auto &[column, wide] : widths) {
        // Narrow windows give up the figures first, then the bars; the key keeps its place.
        const bool shown
            = column == TensorModel::ShapeColumn || column == TensorModel::Values || width() >= (column == TensorModel::Size ? 420 : 560);
        setColumnHidden(column, !shown);
        if (!shown)
            continue;
        header()->resizeSection(column, wide);
        taken += wide;
    }
    header()->resizeSection(TensorModel::Key, std::max(160, viewport()->width() - taken));
}

void TensorView::resizeEvent(QResizeEvent *event)
{
    QTreeView::resizeEvent(event);
    sizeColumns();
}

void TensorView::drawBranches(QPainter *painter, const QRect &rect, const QModelIndex &index) const
{
    if (!model()->hasChildren(index))
        return;
    const Theme theme = Theme::of(palette());
    const QString name = isExpanded(index) ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right");
    painter->drawPixmap(QPoint(rect.right() - 14 + edge, rect.top() + 5), iconPixmap(name, 14, devicePixelRatioF(), theme.text2));
}

void TensorView::drawRow(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Theme theme = Theme::of(palette());
    const QRect row(0, option.rect.top(), viewport()->width(), option.rect.height());
    const bool isCurrent = selectionModel() != nullptr && selectionModel()->isRowSelected(index.row(), index.parent());
    const bool hovered = row.contains(viewport()->mapFromGlobal(QCursor::pos()));
    painter->fillRect(row, isCurrent ? theme.sel : hovered && underMouse() ? theme.hover : theme.base);
    // The row is painted: what the base class draws for selection would hide it.
    QStyleOptionViewItem plain(option);
    plain.state &= ~(QStyle::State_Selected | QStyle::State_MouseOver);
    plain.showDecorationSelected = false;
    // The part left of the key is the base class's to fill.
    plain.palette.setColor(QPalette::Highlight, theme.sel);
    QTreeView::drawRow(painter, plain, index);
    if (hasFocus() && index.siblingAtColumn(0) == currentIndex().siblingAtColumn(0))
        painter->fillRect(QRect(0, row.top(), 2, row.height()), theme.accent);
}

void TensorView::mousePressEvent(QMouseEvent *event)
{
    QTreeView::mousePressEvent(event);
    viewport()->update();
}

void TensorView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy))
        actions().first()->trigger();
    else
        QTreeView::keyPressEvent(event);
}

} // namespace rekey::ui
