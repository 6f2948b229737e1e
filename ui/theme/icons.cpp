// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <QApplication>
#include <QFile>
#include <QHash>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

namespace rekey::ui {

namespace {

/// The drawing made for sizes near `size`; strokes are tuned for 16 and 24 px.
QByteArray drawing(const QString &name, int size)
{
    QFile file(QStringLiteral(":/icons/%1-%2.svg").arg(name).arg(size >= 20 ? 24 : 16));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll();
}

/// Draws in the colour of the state it is asked for, so that one icon serves every palette.
class PaletteIcon : public QIconEngine
{
public:
    PaletteIcon(QString name, QColor colour) : m_name(std::move(name)), m_colour(std::move(colour)) {}

    QPixmap scaledPixmap(const QSize &size, QIcon::Mode mode, QIcon::State, qreal scale) override
    {
        // `size` is in device pixels.
        const qreal ratio = scale > 0 ? scale : 1;
        return iconPixmap(m_name, std::max(1, qRound(std::min(size.width(), size.height()) / ratio)), ratio, colourOf(mode));
    }

    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override { return scaledPixmap(size, mode, state, 1); }

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State) override
    {
        const int size = std::min(rect.width(), rect.height());
        const QPixmap drawn = iconPixmap(m_name, size, painter->device()->devicePixelRatioF(), colourOf(mode));
        painter->drawPixmap(rect.x() + (rect.width() - size) / 2, rect.y() + (rect.height() - size) / 2, drawn);
    }

    QIconEngine *clone() const override { return new PaletteIcon(m_name, m_colour); }

private:
    QColor colourOf(QIcon::Mode mode) const
    {
        if (mode == QIcon::Disabled)
            return Theme::of(QApplication::palette()).text3;
        if (m_colour.isValid())
            return m_colour;
        return QApplication::palette().color(QPalette::Active, QPalette::WindowText);
    }

    QString m_name;
    QColor m_colour;
};

} // namespace

QIcon icon(const QString &name)
{
    return QIcon(new PaletteIcon(name, {}));
}

QIcon icon(const QString &name, const QColor &colour)
{
    return QIcon(new PaletteIcon(name, colour));
}

QPixmap iconPixmap(const QString &name, int size, qreal devicePixelRatio, const QColor &colour)
{
    const QString key = QStringLiteral("rekey/%1/%2/%3/%4").arg(name).arg(size).arg(devicePixelRatio).arg(colour.rgba(), 0, 16);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    pixmap = QPixmap(QSize(size, size) * devicePixelRatio);
    pixmap.setDevicePixelRatio(devicePixelRatio);
    pixmap.fill(Qt::transparent);
    QSvgRenderer renderer(drawing(name, size).replace("currentColor", colour.name().toLatin1()));
    if (renderer.isValid()) {
        QPainter painter(&pixmap);
        painter.setRenderHint(QPainter::Antialiasing);
        renderer.render(&painter, QRectF(0, 0, size, size));
    }
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

} // namespace rekey::ui
