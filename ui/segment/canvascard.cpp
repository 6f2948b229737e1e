// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/canvascard.h"

#include "ui/segment/canvas.h"
#include "ui/window/banner.h"
#include "ui/window/panelheader.h"

#include <QEvent>
#include <QLayout>

namespace rekey::ui {

CanvasCard::CanvasCard(const QString &title, const QString &iconName, ViewState &view, PromptModel &prompts, QWidget *parent)
    : Card(new PanelHeader(title, iconName), parent)
    , m_canvas(new Canvas(view, prompts))
    , m_banner(new Banner(this))
{
    setContent(m_canvas);
    m_canvas->setAccessibleName(title);
    m_banner->installEventFilter(this);
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
