// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/smallmultiples.h"

#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QPaintEvent>
#include <QPainter>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int rowHeight = 73;
constexpr int plotHeight = 44;
constexpr int labelWidth = 40;
constexpr int margin = 12;
constexpr int footHeight = 28;

QString axisNumber(double value)
{
    const QString text = QString::number(std::abs(value), 'g', 2);
    return value < 0 ? QChar(0x2212) + text : text;
}

} // namespace

SmallMultiples::SmallMultiples(QWidget *parent)
    : ChoiceWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setAccessibleName(tr("The same tensor in every block"));
}

void SmallMultiples::setReading(const std::optional<TensorReading> &reading, Side side)
{
    m_reading = reading;
    m_side = side;
    forgetHovered();
    QStringList lines;
    for (std::size_t r = 0; m_reading && r < m_reading->rows.size(); ++r) {
        const TensorReading::Row &row = m_reading->rows[r];
        for (std::size_t c = 0; c < row.cells.size(); ++c)
            lines << tr("Block %1%2: std %3")
                         .arg(row.block)
                         .arg(c < m_reading->family.parts.size() ? QLatin1Char(' ') + keyText(m_reading->family.parts[c]) : QString(),
                              numberText(row.cells[c].standardDeviation));
    }
    setAccessibleDescription(lines.join(QStringLiteral(". ")));
    updateGeometry();
    update();
}

int SmallMultiples::columns() const
{
    return m_reading ? std::max<int>(1, static_cast<int>(m_reading->family.parts.size())) : 1;
}

int SmallMultiples::currentChoice() const
{
    for (int row = 0; row < choiceCount(); ++row)
        if (m_reading->rows[static_cast<std::size_t>(row)].tensor == m_reading->tensor)
            return row;
    return -1;
}

int SmallMultiples::headHeight() const
{
    return columns() > 1 ? 30 : 8;
}

QSize SmallMultiples::sizeHint() const
{
    if (!m_reading || m_reading->rows.empty())
        return {400, 0};
    return {400, headHeight() + static_cast<int>(m_reading->rows.size()) * rowHeight + footHeight};
}

QRect SmallMultiples::choiceRect(int row) const
{
    return {margin, headHeight() + row * rowHeight, width() - 2 * margin, rowHeight};
}

QRect SmallMultiples::cellRect(int row, int column) const
{
    const QRect whole = choiceRect(row).adjusted(labelWidth, 0, -8, 0);
    const int gap = 16;
    const int wide = (whole.width() - (columns() - 1) * gap) / columns();
    return {whole.left() + column * (wide + gap), whole.top() + 6, wide, plotHeight};
}

void SmallMultiples::paintEvent(QPaintEvent *event)
{
    if (!m_reading || m_reading->rows.empty())
        return;
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    for (int c = 0; columns() > 1 && c < columns(); ++c) {
        const QRect cell = cellRect(0, c);
        paintText(painter, QRect(cell.left() + 8, 8, cell.width(), 20), keyText(m_reading->family.parts[static_cast<std::size_t>(c)]),
                  headerFont(), theme.text);
    }
    for (int r = 0; r < static_cast<int>(m_reading->rows.size()); ++r) {
        const QRect whole = choiceRect(r);
        if (!event->rect().intersects(whole))
            continue;
        const TensorReading::Row &row = m_reading->rows[static_cast<std::size_t>(r)];
        const bool isCurrent = row.tensor == m_reading->tensor && m_reading->rows.size() > 1;
        if (isCurrent || r == hoveredChoice()) {
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(Qt::NoPen);
            painter.setBrush(isCurrent ? theme.sel : theme.hover);
            painter.drawRoundedRect(whole, 6, 6);
        }
        if (isCurrent && hasFocus())
            paintFocusRing(painter, whole, theme.accent);
        if (m_reading->rows.size() > 1) {
            QFont font = secondaryFont();
            font.setWeight(isCurrent ? QFont::DemiBold : QFont::Normal);
            paintText(painter, QRect(whole.left(), whole.top(), labelWidth - 8, plotHeight + 8), QString::number(row.block), font,
                      isCurrent ? theme.text : theme.text2, Qt::AlignCenter);
        }
        for (int c = 0; c < static_cast<int>(row.cells.size()); ++c) {
            const TensorReading::Cell &cell = row.cells[static_cast<std::size_t>(c)];
            const QRect plot = cellRect(r, c);
            paintCell(painter, plot, cell);
            paintText(painter, QRect(plot.left(), plot.bottom() + 2, plot.width(), 17),
                      tr("std %1").arg(numberText(cell.standardDeviation)), tabular(smallFont()), theme.text2);
        }
    }
    paintFoot(painter);
}

void SmallMultiples::paintCell(QPainter &painter, const QRect &rect, const TensorReading::Cell &cell) const
{
    const Theme theme = Theme::of(palette());
    const QColor line = m_side == Side::Source ? theme.src : theme.tgt;
    QColor fill = line;
    fill.setAlphaF(theme.dark ? 0.25F : 0.20F);
    const double span = m_reading->range.upper - m_reading->range.lower;
    const double zero = rect.left() + rect.width() * (0 - m_reading->range.lower) / span;
    if (zero > rect.left() && zero < rect.right())
        painter.fillRect(QRectF(zero, rect.top(), 1, rect.height()), theme.grid);
    const double step = static_cast<double>(rect.width()) / static_cast<double>(cell.counts.size());
    const double bottom = rect.bottom();
    QPolygonF steps;
    steps << QPointF(rect.left(), bottom);
    for (std::size_t i = 0; i < cell.counts.size(); ++i) {
        const double y = bottom - (rect.height() - 2) * static_cast<double>(cell.counts[i]) / static_cast<double>(m_reading->largestCount);
        steps << QPointF(rect.left() + static_cast<double>(i) * step, y) << QPointF(rect.left() + static_cast<double>(i + 1) * step, y);
    }
    steps << QPointF(rect.right() + 1, bottom);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(fill);
    painter.drawPolygon(steps);
    painter.setPen(QPen(line, 1.1));
    painter.drawPolyline(steps);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.fillRect(QRectF(rect.left(), bottom, rect.width(), 1), line);
}

void SmallMultiples::paintFoot(QPainter &painter) const
{
    const Theme theme = Theme::of(palette());
    const QRect first = cellRect(0, 0), last = cellRect(0, columns() - 1);
    const QRect foot(first.left(), headHeight() + static_cast<int>(m_reading->rows.size()) * rowHeight + 4, last.right() - first.left(),
                     18);
    const QFont font = tabular(smallFont());
    paintText(painter, foot, axisNumber(m_reading->range.lower), font, theme.text2);
    paintText(painter, foot, axisNumber(m_reading->range.upper), font, theme.text2, Qt::AlignRight | Qt::AlignVCenter);
    const int room = foot.width() - 2 * QFontMetrics(font).horizontalAdvance(QStringLiteral("−0.00000"));
    if ((m_reading->rows.size() > 1 || columns() > 1) && QFontMetrics(font).horizontalAdvance(tr("same range and scale in all")) <= room)
        paintText(painter, foot, tr("same range and scale in all"), font, theme.text2, Qt::AlignCenter);
}

} // namespace rekey::ui
