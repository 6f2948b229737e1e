// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/elidedlabel.h"

#include <QHelpEvent>
#include <QPainter>
#include <QTextDocumentFragment>
#include <QToolTip>

namespace rekey::ui {

void ElidedLabel::setElideMode(Qt::TextElideMode mode)
{
    m_mode = mode;
    update();
}

QSize ElidedLabel::minimumSizeHint() const
{
    return {24, sizeHint().height()};
}

QString ElidedLabel::plainText() const
{
    return textFormat() == Qt::RichText ? QTextDocumentFragment::fromHtml(text()).toPlainText() : text();
}

QSize ElidedLabel::sizeHint() const
{
    if (textFormat() == Qt::RichText)
        return QLabel::sizeHint();
    return {fontMetrics().horizontalAdvance(text()) + 2, fontMetrics().lineSpacing() + 1};
}

void ElidedLabel::paintEvent(QPaintEvent *event)
{
    if (textFormat() == Qt::RichText && QLabel::sizeHint().width() <= width())
        return QLabel::paintEvent(event);
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    painter.drawText(rect(), static_cast<int>(alignment()) | Qt::TextSingleLine, fontMetrics().elidedText(plainText(), m_mode, width()));
}

bool ElidedLabel::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip && toolTip().isEmpty() && fontMetrics().horizontalAdvance(plainText()) > width()) {
        QToolTip::showText(static_cast<QHelpEvent *>(event)->globalPos(), plainText(), this);
        return true;
    }
    return QLabel::event(event);
}

} // namespace rekey::ui
