// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritylegend.h"

#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QPainter>

namespace rekey::ui {

namespace {

constexpr int lineWidth = 20, squareWidth = 8, gap = 6, between = 16;

int widthOf(const QString &text)
{
    return QFontMetrics(secondaryFont()).horizontalAdvance(text) + 2;
}

} // namespace

ParityLegend::ParityLegend(QWidget *parent)
    : QWidget(parent)
    , m_accumulated(tr("accumulated"))
    , m_isolated(tr("isolated (layer fed the reference input)"))
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

QSize ParityLegend::sizeHint() const
{
    return {lineWidth + gap + widthOf(m_accumulated) + between + squareWidth + gap + widthOf(m_isolated), 20};
}

void ParityLegend::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme theme = Theme::of(palette());
    const double middle = height() / 2.0;
    painter.setPen(QPen(theme.src, 1.75));
    painter.drawLine(QPointF(0, middle), QPointF(lineWidth, middle));
    painter.setBrush(theme.src);
    painter.drawEllipse(QPointF(lineWidth / 2.0, middle), 2.5, 2.5);
    int x = lineWidth + gap;
    paintText(painter, QRect(x, 0, widthOf(m_accumulated), height()), m_accumulated, secondaryFont(), theme.text2);
    x += widthOf(m_accumulated) + between;
    painter.setPen(QPen(theme.tgt, 1.5));
    painter.setBrush(theme.base);
    painter.drawRect(QRectF(x, middle - 3.5, 7, 7));
    x += squareWidth + gap;
    paintText(painter, QRect(x, 0, widthOf(m_isolated), height()), m_isolated, secondaryFont(), theme.text2);
}

} // namespace rekey::ui
