// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/maskpicture.h"
#include "ui/segment/promptmodel.h"

#include <QGraphicsItem>
#include <QList>

namespace rekey::ui {

/// A mask: its area in a colour, its outline 2 px with a white halo at every zoom.
class MaskItem : public QGraphicsItem
{
public:
    void setMask(const MaskPicture &mask);
    void setColour(const QColor &colour);
    void setFillOpacity(double opacity);
    void setDashed(bool dashed); ///< a preview
    /// Nothing is painted outside; an empty rectangle: no clip.
    void setClip(const QRectF &clip);
    QRectF boundingRect() const override;
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    MaskPicture m_mask;
    QImage m_fill;
    QColor m_colour;
    QRectF m_clip;
    double m_opacity = 0.42;
    bool m_dashed = false;
};

/// All prompts, and the box being drawn. Marks keep their size at every zoom.
class PromptItem : public QGraphicsItem
{
public:
    void setPrompts(const QList<Prompt> &prompts);
    void setCurrent(int row);
    void setDraft(const std::optional<QRectF> &box);
    void setArea(const QRectF &area);
    std::optional<QRectF> draft() const { return m_draft; }
    /// The prompt whose mark is at a scene position, `pixel` scene units being one on the screen; -1: none.
    int promptAt(const QPointF &scene, double pixel) const;
    QRectF boundingRect() const override { return m_area; }
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    QList<Prompt> m_prompts;
    std::optional<QRectF> m_draft;
    QRectF m_area;
    int m_current = -1;
};

/// The line between the original at its left and the converted at its right.
class SwipeItem : public QGraphicsItem
{
public:
    void place(const QRectF &picture, double x);
    void setColours(const QColor &left, const QColor &right, const QFont &font);
    QRectF boundingRect() const override;
    void paint(QPainter *painter, const QStyleOptionGraphicsItem *option, QWidget *widget) override;

private:
    QRectF m_picture;
    double m_x = 0;
    QColor m_left, m_right;
    QFont m_font;
};

} // namespace rekey::ui
