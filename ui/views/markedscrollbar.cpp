// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/markedscrollbar.h"

#include <QPainter>

namespace rekey::ui {

MarkedScrollBar::MarkedScrollBar(Marks marks, QWidget *parent)
    : QScrollBar(Qt::Vertical, parent)
    , m_ask(std::move(marks))
{
    m_later.setSingleShot(true);
    m_later.setInterval(60);
    connect(&m_later, &QTimer::timeout, this, [this] {
        m_marks = m_ask();
        update();
    });
}

void MarkedScrollBar::marksChanged()
{
    m_later.start();
}

void MarkedScrollBar::paintEvent(QPaintEvent *event)
{
    QScrollBar::paintEvent(event);
    QPainter painter(this);
    int lastY = -10;
    for (const Mark &mark : m_marks) {
        const int y = static_cast<int>(mark.place * (height() - 4)) + 1;
        if (y < lastY + 3)
            continue;
        painter.fillRect(width() - 4, y, 3, 2, mark.colour);
        lastY = y;
    }
}

} // namespace rekey::ui
