// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/maskpicture.h"
#include "ui/segment/promptmodel.h"

#include <QGraphicsView>
#include <QList>

namespace rekey::ui {

class ViewState;
class MaskItem;
class PromptItem;
class SwipeItem;

enum class CanvasTool : quint8 { Point, Background, Box, Pan };

/// Of a mask on a photograph: the darker accent holds in both schemes.
QColor maskColour(const QPalette &palette);

/// A picture with masks and prompts on it. Scene coordinates are picture pixels: pixel (x, y) covers [x, x+1) × [y, y+1).
/// Left click, right click, drag: see CanvasTool and ui.md section 7. Pan and zoom are the ViewState's.
class Canvas : public QGraphicsView
{
    Q_OBJECT
public:
    Canvas(ViewState &view, PromptModel &prompts, QWidget *parent = nullptr);

    void setPicture(const QImage &picture);
    void setMask(const MaskPicture &mask);
    /// A second mask at the right of the swipe line.
    void setSwipe(const MaskPicture &mask);
    void endSwipe();
    double swipePosition() const; ///< 0..1 of the picture's width
    void setSwipePosition(double fraction);
    /// Pixels of only one of two masks, in the colours of their sides, on the dimmed picture.
    void setDifference(const MaskDifference &difference);
    void endDifference();
    void setPreview(const MaskPicture &mask);
    /// Many masks at once, as a picture of their colours; null: none.
    void setOverlay(const QImage &overlay);

    void setTool(CanvasTool tool);
    void setMaskOpacity(double opacity);
    void setMaskShown(bool shown); ///< Space held: the picture alone
    void setCurrentPrompt(int row);

    /// The pixel under a point of the viewport; empty outside the picture.
    std::optional<QPoint> pixelAt(const QPointF &viewportPosition) const;

Q_SIGNALS:
    void prompted(const rekey::ui::Prompt &prompt);
    void promptPressed(int row);
    void pointerMoved(std::optional<QPoint> pixel);
    void swipeMoved();

protected:
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void changeEvent(QEvent *event) override;
    void drawBackground(QPainter *painter, const QRectF &rect) override;

private:
    enum class Drag : quint8 { None, Press, Box, Pan, Swipe };
    void follow();
    void applyTheme();
    void showCursor();
    void finishBox();
    QRectF pictureRect() const;
    QPointF clamped(const QPointF &scene) const;
    bool onSwipeLine(const QPointF &viewportPosition) const;

    ViewState &m_view;
    PromptModel &m_prompts;
    QGraphicsPixmapItem *m_picture, *m_overlay;
    QGraphicsRectItem *m_veil; ///< darkens the picture under a difference
    MaskItem *m_mask, *m_second, *m_preview, *m_onlyFirst, *m_onlySecond;
    PromptItem *m_marks;
    SwipeItem *m_swipe;
    CanvasTool m_tool = CanvasTool::Point;
    Drag m_drag = Drag::None;
    QPointF m_pressed, m_last;
    double m_swipeAt = 0.5;
};

} // namespace rekey::ui
