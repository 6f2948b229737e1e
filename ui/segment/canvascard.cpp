// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/canvascard.h"

#include "ui/segment/canvas.h"
#include "ui/theme/theme.h"
#include "ui/window/banner.h"
#include "ui/window/panelheader.h"

#include <QEvent>
#include <QPainter>
#include <QVBoxLayout>

namespace rekey::ui {

CanvasCard::CanvasCard(const QString &title, const QString &iconName, ViewState &view, PromptModel &prompts, QWidget *parent)
    : QWidget(parent)
    , m_header(new PanelHeader(title, iconName, this))
    , m_canvas(new Canvas(view, prompts, this))
    , m_banner(new Banner(this))
{
    auto *layout = new QVBoxLayout(this);
    // Room for the frame, and for its round corners below.
    layout->setContentsMargins(1, 1, 1, 6);
    layout->setSpacing(0);
    m_header->setCardHead(true);
    layout->addWidget(m_header);
    layout->addWidget(m_canvas, 1);
    m_canvas->setAccessibleName(title);
    m_banner->installEventFilter(this);
}

void CanvasCard::paintEvent(QPaintEvent *)
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

void CanvasCard::placeBanner()
{
    const QRect area = m_canvas->geometry().adjusted(12, 12, -12, -12);
    const int wide = std::min(area.width(), 520);
    const int high = m_banner->layout()->hasHeightForWidth() ? m_banner->layout()->heightForWidth(wide) : m_banner->sizeHint().height();
    m_banner->setGeometry(area.center().x() - wide / 2, area.bottom() + 1 - high, wide, high);
    m_banner->raise();
}

void CanvasCard::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    placeBanner();
}

bool CanvasCard::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_banner && (event->type() == QEvent::Show || event->type() == QEvent::LayoutRequest))
        placeBanner();
    return QWidget::eventFilter(watched, event);
}

} // namespace rekey::ui
