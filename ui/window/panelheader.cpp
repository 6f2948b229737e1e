// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/panelheader.h"

#include "ui/window/paintkit.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>

namespace rekey::ui {

PanelHeader::PanelHeader(const QString &title, const QString &iconName, QWidget *parent)
    : QWidget(parent)
    , m_title(title)
    , m_iconName(iconName)
    , m_layout(new QHBoxLayout(this))
{
    setFixedHeight(32);
    m_layout->setContentsMargins(12, 0, 12, 0);
    m_layout->addStretch();
    setAccessibleName(title);
}

void PanelHeader::setTitle(const QString &title)
{
    m_title = title;
    setAccessibleName(title);
    update();
}

void PanelHeader::setDetail(const QString &text)
{
    m_detail = text;
    setAccessibleDescription(text);
    update();
}

void PanelHeader::setDetailFixed(bool fixed)
{
    m_fixedDetail = fixed;
    update();
}

void PanelHeader::setInk(const QColor &colour)
{
    m_ink = colour;
    update();
}

void PanelHeader::setChip(const QString &iconName, const QString &text, Status status)
{
    m_chipIcon = iconName;
    m_chipText = text;
    m_chipStatus = status;
    update();
}

void PanelHeader::clearChip()
{
    setChip({}, {}, Status::None);
}

void PanelHeader::setTrailingText(const QString &text)
{
    m_trailing = text;
    update();
}

void PanelHeader::setLeftMargin(int pixels)
{
    m_leftMargin = pixels;
    update();
}

void PanelHeader::addTrailing(QWidget *widget)
{
    m_layout->addWidget(widget);
}

void PanelHeader::setCardHead(bool on)
{
    m_cardHead = on;
    update();
}

void PanelHeader::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    const qreal hairline = 1.0 / devicePixelRatioF();
    if (!m_cardHead) {
        painter.fillRect(rect(), theme.window);
        painter.fillRect(QRectF(0, 0, width(), hairline), theme.line);
    }
    painter.fillRect(QRectF(0, height() - hairline, width(), hairline), theme.line);

    int right = width() - 12;
    for (int i = 1; i < m_layout->count(); ++i)
        if (const QWidget *widget = m_layout->itemAt(i)->widget(); widget != nullptr && widget->isVisible())
            right = qMin(right, widget->x() - 8);
    if (!m_chipText.isEmpty())
        right -= paintChip(painter, QRect(0, 0, right, height()), m_chipIcon, m_chipText, theme.status(m_chipStatus)) + 8;
    if (!m_trailing.isEmpty()) {
        const int wide = QFontMetrics(secondaryFont()).horizontalAdvance(m_trailing);
        paintText(painter, QRect(right - wide - 1, 0, wide + 2, height()), m_trailing, secondaryFont(), theme.text2);
        right -= wide + 12;
    }

    int x = m_leftMargin;
    const QColor ink = m_ink.isValid() ? m_ink : theme.text;
    if (!m_iconName.isEmpty()) {
        painter.drawPixmap(QPoint(x, 8), iconPixmap(m_iconName, 16, devicePixelRatioF(), m_ink.isValid() ? m_ink : theme.text2));
        x += 16 + 8;
    }
    const int titleWidth = qMin(QFontMetrics(headerFont()).horizontalAdvance(m_title), qMax(0, right - x));
    paintText(painter, QRect(x, 0, titleWidth + 1, height()), m_title, headerFont(), ink);
    x += titleWidth + 8;
    if (!m_detail.isEmpty() && right - x > 16)
        paintText(painter, QRect(x, 0, right - x, height()), m_detail, m_fixedDetail ? fixedFont() : secondaryFont(), theme.text2);
}

void PanelHeader::changeEvent(QEvent *event)
{
    update();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
