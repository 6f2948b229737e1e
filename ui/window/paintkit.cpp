// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/paintkit.h"

#include <QFontMetrics>
#include <QPaintDevice>
#include <QPainter>

namespace rekey::ui {

void paintText(QPainter &painter, const QRect &rect, const QString &text, const QFont &font, const QColor &colour, Qt::Alignment alignment)
{
    painter.setFont(font);
    painter.setPen(colour);
    const QFontMetrics metrics(font);
    const bool fits = metrics.horizontalAdvance(text) <= rect.width();
    painter.drawText(rect, static_cast<int>(alignment) | Qt::TextSingleLine,
                     fits ? text : metrics.elidedText(text, Qt::ElideMiddle, rect.width()));
}

int keyCapWidth(const QString &text)
{
    return QFontMetrics(smallFont()).horizontalAdvance(text) + 10;
}

void paintKeyCap(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme)
{
    const QRectF cap(rect.left() + 0.5, rect.center().y() - 8 + 0.5, keyCapWidth(text) - 1, 17);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(theme.base);
    painter.drawRoundedRect(cap, 4, 4);
    paintText(painter, cap.toRect(), text, smallFont(), theme.text2, Qt::AlignCenter);
}

void paintCard(QPainter &painter, const QRect &rect, const Theme &theme)
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(theme.base);
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

int chipWidth(const QString &iconName, const QString &text)
{
    QFont font = secondaryFont();
    font.setWeight(QFont::DemiBold);
    return 6 + (iconName.isEmpty() ? 2 : 14 + 4) + QFontMetrics(font).horizontalAdvance(text) + 8;
}

int paintChip(QPainter &painter, const QRect &rect, const QString &iconName, const QString &text, const StatusColours &colours)
{
    const int width = chipWidth(iconName, text);
    const QRect chip(rect.right() + 1 - width, rect.center().y() - 9, width, 20);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colours.tint);
    painter.drawRoundedRect(chip, 10, 10);
    int x = chip.left() + 6;
    if (!iconName.isEmpty()) {
        painter.drawPixmap(QPoint(x, chip.top() + 3), iconPixmap(iconName, 14, painter.device()->devicePixelRatioF(), colours.foreground));
        x += 14 + 4;
    } else {
        x += 2;
    }
    QFont font = secondaryFont();
    font.setWeight(QFont::DemiBold);
    paintText(painter, QRect(x, chip.top(), chip.right() - 7 - x + 2, chip.height()), text, font, colours.foreground);
    return width;
}

int tagWidth(const QString &text)
{
    return QFontMetrics(smallFont()).horizontalAdvance(text) + 10;
}

int paintTag(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme)
{
    const int width = tagWidth(text);
    const QRectF tag(rect.left() + 0.5, rect.center().y() - 7 + 0.5, width - 1, 15);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(tag, 4, 4);
    paintText(painter, tag.toRect(), text, smallFont(), theme.text2, Qt::AlignCenter);
    return width;
}

int badgeWidth(const QString &text)
{
    return QFontMetrics(smallFont()).horizontalAdvance(text) + 12;
}

int paintBadge(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme)
{
    const int width = badgeWidth(text);
    const QRect pill(rect.left(), rect.center().y() - 7, width, 16);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(mix(theme.base, theme.text, 0.09));
    painter.drawRoundedRect(pill, 8, 8);
    paintText(painter, pill, text, smallFont(), theme.text2, Qt::AlignCenter);
    return width;
}

void paintLineBelow(QPainter &painter, const QRect &rect, const QColor &colour)
{
    const qreal hairline = 1.0 / painter.device()->devicePixelRatioF();
    painter.fillRect(QRectF(rect.x(), rect.y() + rect.height() - hairline, rect.width(), hairline), colour);
}

void paintFocusRing(QPainter &painter, const QRect &rect, const QColor &colour)
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(colour, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 5, 5);
}

QFont tabular(QFont font)
{
    // QFont::setFeature came with Qt 6.7; most system fonts have tabular figures by default, Inter does not.
#if QT_VERSION >= QT_VERSION_CHECK(6, 7, 0)
    font.setFeature(QFont::Tag("tnum"), 1);
#endif
    return font;
}

} // namespace rekey::ui
