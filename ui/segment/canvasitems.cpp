// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/canvasitems.h"

#include <QCoreApplication>
#include <QPainter>
#include <QStyleOptionGraphicsItem>

namespace rekey::ui {

namespace {

constexpr double markRadius = 8;
// On photographs, not on the palette: the same in light and dark.
const QColor foregroundMark(0x00664A), backgroundMark(0xA8321A);

/// Cosmetic pens count device pixels: `width` is in device-independent ones.
QPen cosmetic(const QPainter &painter, const QColor &colour, double width, Qt::PenStyle style = Qt::SolidLine)
{
    QPen pen(colour, width * painter.device()->devicePixelRatioF(), style, Qt::RoundCap, Qt::RoundJoin);
    pen.setCosmetic(true);
    return pen;
}

void paintBox(QPainter &painter, const QRectF &scene, bool current)
{
    const QTransform transform = painter.worldTransform();
    const QRectF box = transform.mapRect(scene);
    painter.save();
    painter.resetTransform();
    // Black dashes on white: seen on any photograph.
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(QColor(0, 0, 0, 150), 4, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(box);
    painter.setPen(QPen(Qt::white, 2, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    painter.drawRect(box);
    painter.setPen(QPen(QColor(0x1C2026), 2, Qt::CustomDashLine, Qt::FlatCap));
    QPen dashes = painter.pen();
    dashes.setDashPattern({3, 3});
    painter.setPen(dashes);
    painter.drawRect(box);
    const double half = current ? 4 : 3;
    painter.setPen(QPen(QColor(0x1C2026), 1));
    painter.setBrush(Qt::white);
    for (const QPointF &corner : {box.topLeft(), box.topRight(), box.bottomLeft(), box.bottomRight()})
        painter.drawRect(QRectF(corner.x() - half, corner.y() - half, 2 * half, 2 * half));
    painter.restore();
}

void paintPoint(QPainter &painter, const QPointF &scene, bool foreground, bool current)
{
    const QPointF centre = painter.worldTransform().map(scene);
    painter.save();
    painter.resetTransform();
    painter.setPen(QPen(QColor(0, 0, 0, 110), 1));
    painter.setBrush(Qt::white);
    const double radius = current ? markRadius + 2 : markRadius;
    painter.drawEllipse(centre, radius, radius);
    painter.setPen(Qt::NoPen);
    painter.setBrush(foreground ? foregroundMark : backgroundMark);
    painter.drawEllipse(centre, markRadius - 1.5, markRadius - 1.5);
    painter.setPen(QPen(Qt::white, 1.75, Qt::SolidLine, Qt::RoundCap));
    painter.drawLine(centre - QPointF(3, 0), centre + QPointF(3, 0));
    if (foreground)
        painter.drawLine(centre - QPointF(0, 3), centre + QPointF(0, 3));
    painter.restore();
}

} // namespace

void MaskItem::setMask(const MaskPicture &mask)
{
    prepareGeometryChange();
    m_mask = mask;
    m_fill = tinted(m_mask, m_colour);
    update();
}

void MaskItem::setColour(const QColor &colour)
{
    m_colour = colour;
    m_fill = tinted(m_mask, colour);
    update();
}

void MaskItem::setFillOpacity(double opacity)
{
    m_opacity = opacity;
    update();
}

void MaskItem::setDashed(bool dashed)
{
    m_dashed = dashed;
    update();
}

void MaskItem::setClip(const QRectF &clip)
{
    m_clip = clip;
    update();
}

QRectF MaskItem::boundingRect() const
{
    return QRectF(QPointF(), QSizeF(m_mask.area.size())).adjusted(-4, -4, 4, 4);
}

void MaskItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *, QWidget *)
{
    if (m_fill.isNull() || m_mask.isEmpty())
        return;
    painter->save();
    if (!m_clip.isNull())
        painter->setClipRect(m_clip, Qt::IntersectClip);
    painter->setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter->setOpacity(m_opacity);
    painter->drawImage(QPointF(0, 0), m_fill);
    painter->setOpacity(1);
    painter->setBrush(Qt::NoBrush);
    painter->setPen(cosmetic(*painter, QColor(255, 255, 255, m_dashed ? 150 : 220), 3.5));
    painter->drawPath(m_mask.outline);
    painter->setPen(cosmetic(*painter, m_colour, 2, m_dashed ? Qt::DotLine : Qt::SolidLine));
    painter->drawPath(m_mask.outline);
    painter->restore();
}

void PromptItem::setPrompts(const QList<Prompt> &prompts)
{
    m_prompts = prompts;
    update();
}

void PromptItem::setCurrent(int row)
{
    m_current = row;
    update();
}

void PromptItem::setDraft(const std::optional<QRectF> &box)
{
    m_draft = box;
    update();
}

void PromptItem::setArea(const QRectF &area)
{
    prepareGeometryChange();
    m_area = area;
}

namespace {

bool isPoint(const Prompt &prompt)
{
    return prompt.kind == Prompt::Kind::Point || prompt.kind == Prompt::Kind::Background;
}

} // namespace

int PromptItem::promptAt(const QPointF &scene, double pixel) const
{
    for (qsizetype i = m_prompts.size() - 1; i >= 0; --i) {
        const Prompt &prompt = m_prompts[i];
        const QPointF away = scene - prompt.position - QPointF(0.5, 0.5);
        if (prompt.isShown && isPoint(prompt) && QPointF::dotProduct(away, away) <= std::pow(markRadius * pixel, 2))
            return static_cast<int>(i);
    }
    return -1;
}

void PromptItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *, QWidget *)
{
    painter->setRenderHint(QPainter::Antialiasing);
    if (m_draft)
        paintBox(*painter, *m_draft, true);
    for (const bool boxes : {true, false}) {
        for (qsizetype i = 0; i < m_prompts.size(); ++i) {
            const Prompt &prompt = m_prompts[i];
            if (!prompt.isShown)
                continue;
            if (boxes && prompt.kind == Prompt::Kind::Box)
                paintBox(*painter, prompt.box(), i == m_current);
            else if (!boxes && isPoint(prompt))
                paintPoint(*painter, prompt.position + QPointF(0.5, 0.5), prompt.kind == Prompt::Kind::Point, i == m_current);
        }
    }
}

void SwipeItem::place(const QRectF &picture, double x)
{
    prepareGeometryChange();
    m_picture = picture;
    m_x = x;
    update();
}

void SwipeItem::setColours(const QColor &left, const QColor &right, const QFont &font)
{
    m_left = left;
    m_right = right;
    m_font = font;
    update();
}

QRectF SwipeItem::boundingRect() const
{
    return m_picture;
}

void SwipeItem::paint(QPainter *painter, const QStyleOptionGraphicsItem *, QWidget *)
{
    const QPointF top = painter->worldTransform().map(QPointF(m_x, m_picture.top()));
    const QPointF bottom = painter->worldTransform().map(QPointF(m_x, m_picture.bottom()));
    painter->save();
    painter->resetTransform();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(QColor(0, 0, 0, 120), 4));
    painter->drawLine(top, bottom);
    painter->setPen(QPen(Qt::white, 2));
    painter->drawLine(top, bottom);
    const QPointF grip((top + bottom) / 2);
    painter->setPen(QPen(QColor(0, 0, 0, 120), 1));
    painter->setBrush(Qt::white);
    painter->drawRoundedRect(QRectF(grip.x() - 6, grip.y() - 14, 12, 28), 6, 6);
    painter->setPen(QPen(QColor(0x5F6672), 1.25));
    for (const double dx : {-1.75, 1.75})
        painter->drawLine(grip + QPointF(dx, -5), grip + QPointF(dx, 5));
    painter->setFont(m_font);
    const auto tag = [&](const QString &text, const QColor &colour, bool left) {
        const double width = QFontMetricsF(m_font).horizontalAdvance(text) + 16;
        const QRectF rect(left ? top.x() - 8 - width : top.x() + 8, top.y() + 8, width, 22);
        painter->setPen(Qt::NoPen);
        painter->setBrush(QColor(255, 255, 255, 235));
        painter->drawRoundedRect(rect, 4, 4);
        painter->setPen(colour);
        painter->drawText(rect, Qt::AlignCenter, text);
    };
    tag(QCoreApplication::translate("SwipeItem", "Original"), m_left, true);
    tag(QCoreApplication::translate("SwipeItem", "Converted"), m_right, false);
    painter->restore();
}

} // namespace rekey::ui
