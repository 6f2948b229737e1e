// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/card.h"

#include "ui/theme/theme.h"
#include "ui/window/panelheader.h"

#include <QPainter>
#include <QPainterPath>
#include <QVBoxLayout>

namespace rekey::ui {

Card::Card(PanelHeader *header, QWidget *parent)
    : QWidget(parent)
    , m_header(header)
{
    auto *layout = new QVBoxLayout(this);
    // Room for the frame, and for its round corners below.
    layout->setContentsMargins(1, 1, 1, 6);
    layout->setSpacing(0);
    m_header->setCardHead(true);
    layout->addWidget(m_header);
}

void Card::setContent(QWidget *content)
{
    static_cast<QVBoxLayout *>(layout())->addWidget(content, 1);
}

void Card::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme theme = Theme::of(palette());
    QPainterPath frame;
    frame.addRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
    painter.fillPath(frame, theme.window);
    painter.save();
    painter.setClipPath(frame);
    painter.fillRect(QRect(0, 0, width(), m_header->geometry().bottom() + 1), theme.base);
    painter.restore();
    painter.setPen(QPen(theme.line, 1));
    painter.drawPath(frame);
}

} // namespace rekey::ui
