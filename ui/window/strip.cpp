// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/strip.h"

#include "ui/window/paintkit.h"

#include <QPainter>

namespace rekey::ui {

Strip::Strip(int height, Qt::Edge line, QWidget *parent)
    : QWidget(parent)
    , m_line(line)
{
    setFixedHeight(height);
}

void Strip::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), theme.window);
    if (m_line == Qt::TopEdge)
        painter.fillRect(QRectF(0, 0, width(), 1.0 / devicePixelRatioF()), theme.line);
    else
        paintLineBelow(painter, rect(), theme.line);
}

} // namespace rekey::ui
