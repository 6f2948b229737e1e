// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/statisticstable.h"

#include "ui/window/paintkit.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>
#include <utility>

namespace rekey::ui {

namespace {

QColor ink(const Theme &theme, ColumnInk which)
{
    switch (which) {
    case ColumnInk::Text: return theme.text;
    case ColumnInk::Quiet: return theme.text2;
    case ColumnInk::Source: return theme.src;
    case ColumnInk::Target: return theme.tgt;
    }
    return theme.text;
}

} // namespace

StatisticsTable::StatisticsTable(QList<Column> columns, QWidget *parent)
    : QWidget(parent)
    , m_columns(std::move(columns))
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void StatisticsTable::setRows(const QList<Row> &rows)
{
    const bool resized = rows.size() != m_rows.size();
    m_rows = rows;
    QStringList lines;
    for (const Row &row : rows)
        lines << row.name + QStringLiteral(": ") + row.cells.join(QStringLiteral(", "));
    setAccessibleDescription(lines.join(QLatin1Char('\n')));
    if (resized)
        updateGeometry();
    update();
}

void StatisticsTable::setRowHeight(int height)
{
    m_rowHeight = height;
    updateGeometry();
}

void StatisticsTable::setColumnWidth(int width)
{
    m_columnWidth = width;
    update();
}

void StatisticsTable::setLeftAligned(bool on)
{
    m_leftAligned = on;
    update();
}

void StatisticsTable::setNameWidth(int width)
{
    m_nameWidth = width;
    update();
}

bool StatisticsTable::hasTitles() const
{
    return std::any_of(m_columns.begin(), m_columns.end(), [](const Column &column) { return !column.title.isEmpty(); });
}

QSize StatisticsTable::sizeHint() const
{
    const int rows = static_cast<int>(m_rows.size()) + (hasTitles() ? 1 : 0);
    return {m_nameWidth + static_cast<int>(m_columns.size()) * m_columnWidth, rows * m_rowHeight};
}

QSize StatisticsTable::minimumSizeHint() const
{
    return {80, sizeHint().height()};
}

void StatisticsTable::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    const QFont font = tabular(secondaryFont());
    const int columns = static_cast<int>(m_columns.size());
    int y = 0;
    const auto cell = [&](int column) {
        if (m_leftAligned)
            return QRect(m_nameWidth, y, width() - m_nameWidth, m_rowHeight);
        return QRect(width() - (columns - column) * m_columnWidth, y, m_columnWidth, m_rowHeight);
    };
    if (hasTitles()) {
        for (int c = 0; c < columns; ++c) {
            const bool series = m_columns[c].titleInk == ColumnInk::Source || m_columns[c].titleInk == ColumnInk::Target;
            paintText(painter, cell(c), m_columns[c].title, series ? headerFont() : font, ink(theme, m_columns[c].titleInk),
                      Qt::AlignRight | Qt::AlignVCenter);
        }
        y += m_rowHeight;
    }
    const Qt::Alignment alignment = (m_leftAligned ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter;
    for (const Row &row : std::as_const(m_rows)) {
        const int nameWidth = m_leftAligned ? m_nameWidth - 8 : width() - columns * m_columnWidth;
        paintText(painter, QRect(0, y, nameWidth, m_rowHeight), row.name, font, theme.text2);
        for (int c = 0; c < columns && c < row.cells.size(); ++c)
            paintText(painter, cell(c), row.cells[c], font, ink(theme, m_columns[c].ink), alignment);
        y += m_rowHeight;
    }
}

void StatisticsTable::changeEvent(QEvent *event)
{
    update();
    QWidget::changeEvent(event);
}

bool StatisticsTable::event(QEvent *event)
{
    // A fact that was elided is whole in its tool tip.
    if (event->type() == QEvent::ToolTip && m_leftAligned) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const int row = help->pos().y() / m_rowHeight - (hasTitles() ? 1 : 0);
        QToolTip::showText(help->globalPos(), row >= 0 && row < m_rows.size() ? m_rows[row].cells.value(0) : QString(), this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace rekey::ui
