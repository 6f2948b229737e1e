// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/canvas.h"

#include "ui/segment/canvasitems.h"
#include "ui/segment/viewstate.h"
#include "ui/theme/theme.h"

#include <QContextMenuEvent>
#include <QGraphicsPixmapItem>
#include <QGraphicsScene>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>
#include <utility>

namespace rekey::ui {

namespace {

constexpr double defaultOpacity = 0.42;
/// A press that moved less is a click.
constexpr double dragStart = 5;
/// Far enough that the centre can be anywhere on the picture at any zoom.
constexpr double farAway = 100'000;

QPointF pixelOf(const QPointF &scene)
{
    return {std::floor(scene.x()), std::floor(scene.y())};
}

} // namespace

QColor maskColour(const QPalette &palette)
{
    const Theme theme = Theme::of(palette);
    return theme.dark ? QColor(0x3E8BFF) : theme.accent;
}

Canvas::Canvas(ViewState &view, PromptModel &prompts, QWidget *parent)
    : QGraphicsView(parent)
    , m_view(view)
    , m_prompts(prompts)
    , m_picture(new QGraphicsPixmapItem)
    , m_overlay(new QGraphicsPixmapItem)
    , m_veil(new QGraphicsRectItem)
    , m_mask(new MaskItem)
    , m_second(new MaskItem)
    , m_preview(new MaskItem)
    , m_onlyFirst(new MaskItem)
    , m_onlySecond(new MaskItem)
    , m_marks(new PromptItem)
    , m_swipe(new SwipeItem)
{
    setScene(new QGraphicsScene(this));
    m_picture->setTransformationMode(Qt::SmoothTransformation);
    scene()->addItem(m_picture);
    m_veil->setPen(Qt::NoPen);
    m_veil->setBrush(QColor(0, 0, 0, 150));
    m_veil->setVisible(false);
    scene()->addItem(m_veil);
    m_overlay->setOpacity(defaultOpacity);
    scene()->addItem(m_overlay);
    for (MaskItem *item : {m_mask, m_second, m_onlyFirst, m_onlySecond, m_preview})
        scene()->addItem(item);
    scene()->addItem(m_swipe);
    scene()->addItem(m_marks);
    for (QGraphicsItem *item : {static_cast<QGraphicsItem *>(m_second), static_cast<QGraphicsItem *>(m_onlyFirst),
                                static_cast<QGraphicsItem *>(m_onlySecond), static_cast<QGraphicsItem *>(m_swipe)})
        item->setVisible(false);
    m_preview->setDashed(true);
    m_preview->setFillOpacity(0.2);
    for (MaskItem *item : {m_onlyFirst, m_onlySecond})
        item->setFillOpacity(0.85);

    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setTransformationAnchor(QGraphicsView::NoAnchor);
    setResizeAnchor(QGraphicsView::NoAnchor);
    setViewportUpdateMode(QGraphicsView::FullViewportUpdate);
    setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(160, 120);

    connect(&m_view, &ViewState::changed, this, &Canvas::follow);
    connect(&m_prompts, &PromptModel::promptsChanged, this, [this] { m_marks->setPrompts(m_prompts.prompts()); });
    m_marks->setPrompts(m_prompts.prompts());
    applyTheme();
    showCursor();
}

QRectF Canvas::pictureRect() const
{
    return {QPointF(), QSizeF(m_picture->pixmap().size())};
}

QPointF Canvas::clamped(const QPointF &at) const
{
    const QRectF area = pictureRect();
    return {std::clamp(at.x(), 0.0, area.width()), std::clamp(at.y(), 0.0, area.height())};
}

void Canvas::setPicture(const QImage &picture)
{
    // One image pixel is one scene unit, whatever the file says about its resolution.
    QPixmap pixmap = QPixmap::fromImage(picture);
    pixmap.setDevicePixelRatio(1);
    m_picture->setPixmap(pixmap);
    m_veil->setRect(pictureRect());
    m_marks->setArea(pictureRect().adjusted(-200, -200, 200, 200));
    setSceneRect(pictureRect().adjusted(-farAway, -farAway, farAway, farAway));
    follow();
}

void Canvas::setMask(const MaskPicture &mask)
{
    m_mask->setMask(mask);
}

void Canvas::setSwipe(const MaskPicture &mask)
{
    m_second->setMask(mask);
    m_second->setVisible(true);
    m_swipe->setVisible(true);
    setSwipePosition(m_swipeAt);
}

void Canvas::endSwipe()
{
    m_second->setVisible(false);
    m_swipe->setVisible(false);
    m_mask->setClip({});
}

double Canvas::swipePosition() const
{
    return m_swipeAt;
}

void Canvas::setSwipePosition(double fraction)
{
    m_swipeAt = std::clamp(fraction, 0.0, 1.0);
    const QRectF area = pictureRect();
    const double x = m_swipeAt * area.width();
    m_mask->setClip(QRectF(-4, -4, x + 4, area.height() + 8));
    m_second->setClip(QRectF(x, -4, area.width() - x + 4, area.height() + 8));
    m_swipe->place(area, x);
    Q_EMIT swipeMoved();
}

void Canvas::setDifference(const MaskDifference &difference)
{
    m_onlyFirst->setMask(difference.onlyFirst);
    m_onlySecond->setMask(difference.onlySecond);
    for (MaskItem *item : {m_onlyFirst, m_onlySecond})
        item->setVisible(true);
    m_mask->setVisible(false);
    m_veil->setVisible(true);
}

void Canvas::endDifference()
{
    for (MaskItem *item : {m_onlyFirst, m_onlySecond})
        item->setVisible(false);
    m_mask->setVisible(true);
    m_veil->setVisible(false);
}

void Canvas::setPreview(const MaskPicture &mask)
{
    m_preview->setMask(mask);
}

void Canvas::setOverlay(const QImage &overlay)
{
    QPixmap pixmap = QPixmap::fromImage(overlay);
    pixmap.setDevicePixelRatio(1);
    m_overlay->setPixmap(pixmap);
    m_overlay->setVisible(!overlay.isNull());
    // They asked for other masks.
    m_marks->setVisible(overlay.isNull());
}

void Canvas::setTool(CanvasTool tool)
{
    m_tool = tool;
    showCursor();
}

void Canvas::setMaskOpacity(double opacity)
{
    m_mask->setFillOpacity(opacity);
    m_second->setFillOpacity(opacity);
    m_overlay->setOpacity(opacity);
}

void Canvas::setMaskShown(bool shown)
{
    m_mask->setOpacity(shown ? 1 : 0);
    m_overlay->setVisible(shown && !m_overlay->pixmap().isNull());
    m_second->setOpacity(shown ? 1 : 0);
    m_preview->setOpacity(shown ? 1 : 0);
    m_marks->setOpacity(shown ? 1 : 0);
}

void Canvas::setCurrentPrompt(int row)
{
    m_marks->setCurrent(row);
}

void Canvas::showCursor()
{
    viewport()->setCursor(m_tool == CanvasTool::Pan ? Qt::OpenHandCursor : Qt::CrossCursor);
}

void Canvas::applyTheme()
{
    for (MaskItem *item : {m_mask, m_second, m_preview})
        item->setColour(maskColour(palette()));
    // On the veil, the dark scheme's colours of the two sides.
    m_onlyFirst->setColour(QColor(0x5AAEF2));
    m_onlySecond->setColour(QColor(0xF0A04B));
    m_swipe->setColours(QColor(0x0A6EBD), QColor(0xAD4F00), headerFont());
    viewport()->update();
}

void Canvas::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        applyTheme();
    QGraphicsView::changeEvent(event);
}

void Canvas::drawBackground(QPainter *painter, const QRectF &rect)
{
    painter->fillRect(rect, Theme::of(palette()).window);
}

void Canvas::follow()
{
    const QRectF area = pictureRect();
    if (area.isEmpty())
        return;
    double zoom = m_view.zoom();
    QPointF centre = m_view.centre();
    if (m_view.isFitted()) {
        zoom = std::min(viewport()->width() / area.width(), viewport()->height() / area.height());
        zoom = std::clamp(zoom, ViewState::smallestZoom, ViewState::largestZoom);
        centre = area.center();
        m_view.settle(zoom, centre);
    }
    // Close up, pixels are shown as the squares that they are.
    m_picture->setTransformationMode(zoom >= 4 ? Qt::FastTransformation : Qt::SmoothTransformation);
    setTransform(QTransform::fromScale(zoom, zoom));
    centerOn(centre);
}

void Canvas::resizeEvent(QResizeEvent *event)
{
    QGraphicsView::resizeEvent(event);
    follow();
}

std::optional<QPoint> Canvas::pixelAt(const QPointF &position) const
{
    const QPointF at = viewportTransform().inverted().map(position);
    const QPointF pixel = pixelOf(at);
    if (!pictureRect().contains(pixel + QPointF(0.5, 0.5)))
        return std::nullopt;
    return pixel.toPoint();
}

bool Canvas::onSwipeLine(const QPointF &position) const
{
    if (!m_swipe->isVisible())
        return false;
    return std::abs(viewportTransform().map(QPointF(m_swipeAt * pictureRect().width(), 0)).x() - position.x()) <= 7;
}

void Canvas::mousePressEvent(QMouseEvent *event)
{
    m_pressed = m_last = event->position();
    const bool left = event->button() == Qt::LeftButton;
    if (m_picture->pixmap().isNull())
        return;
    if (event->button() == Qt::MiddleButton || (left && (m_tool == CanvasTool::Pan || event->modifiers() & Qt::ShiftModifier))) {
        m_drag = Drag::Pan;
        viewport()->setCursor(Qt::ClosedHandCursor);
    } else if (left && onSwipeLine(m_pressed)) {
        m_drag = Drag::Swipe;
    } else if (left) {
        m_drag = Drag::Press;
    } else if (event->button() == Qt::RightButton) {
        if (const auto pixel = pixelAt(m_pressed))
            Q_EMIT prompted(Prompt::point(QPointF(*pixel), false));
    }
}

void Canvas::mouseMoveEvent(QMouseEvent *event)
{
    const QPointF at = event->position();
    const QTransform toScene = viewportTransform().inverted();
    if (m_drag == Drag::Press && QLineF(m_pressed, at).length() > dragStart)
        m_drag = Drag::Box;
    switch (m_drag) {
    case Drag::Box: m_marks->setDraft(QRectF(clamped(toScene.map(m_pressed)), clamped(toScene.map(at))).normalized()); break;
    case Drag::Pan: {
        const QPointF moved = (at - m_last) / m_view.zoom();
        m_view.set(m_view.zoom(), m_view.centre() - moved);
        break;
    }
    case Drag::Swipe: setSwipePosition(toScene.map(at).x() / pictureRect().width()); break;
    case Drag::None:
        viewport()->setCursor(onSwipeLine(at) ? Qt::SplitHCursor : m_tool == CanvasTool::Pan ? Qt::OpenHandCursor : Qt::CrossCursor);
        break;
    case Drag::Press: break;
    }
    m_last = at;
    Q_EMIT pointerMoved(pixelAt(at));
}

void Canvas::finishBox()
{
    const auto draft = m_marks->draft();
    m_marks->setDraft(std::nullopt);
    if (!draft)
        return;
    const QRectF box(pixelOf(draft->topLeft()), pixelOf(draft->bottomRight()));
    if (box.width() >= 2 && box.height() >= 2)
        Q_EMIT prompted(Prompt::boxed(box));
}

void Canvas::mouseReleaseEvent(QMouseEvent *event)
{
    const Drag drag = std::exchange(m_drag, Drag::None);
    if (drag == Drag::Pan)
        showCursor();
    if (event->button() != Qt::LeftButton)
        return;
    if (drag == Drag::Box) {
        finishBox();
    } else if (drag == Drag::Press && m_tool != CanvasTool::Box) {
        const int hit = m_marks->promptAt(viewportTransform().inverted().map(m_pressed), 1 / m_view.zoom());
        if (hit >= 0)
            Q_EMIT promptPressed(hit);
        else if (const auto pixel = pixelAt(m_pressed))
            Q_EMIT prompted(Prompt::point(QPointF(*pixel), m_tool == CanvasTool::Point));
    }
}

void Canvas::mouseDoubleClickEvent(QMouseEvent *event)
{
    // Two quick clicks are two points.
    mousePressEvent(event);
}

void Canvas::contextMenuEvent(QContextMenuEvent *event)
{
    // The right button adds a background point.
    event->accept();
}

void Canvas::wheelEvent(QWheelEvent *event)
{
    if (m_picture->pixmap().isNull() || event->angleDelta().y() == 0)
        return;
    const QPointF at = viewportTransform().inverted().map(event->position());
    const double zoom
        = std::clamp(m_view.zoom() * std::pow(1.0015, event->angleDelta().y()), ViewState::smallestZoom, ViewState::largestZoom);
    // What lies under the pointer stays there.
    m_view.set(zoom, at + (m_view.centre() - at) * (m_view.zoom() / zoom));
    event->accept();
}

void Canvas::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_drag == Drag::Box) {
        m_drag = Drag::None;
        m_marks->setDraft(std::nullopt);
        return;
    }
    // Arrows pan: the keyboard's way to drag.
    const double step = 40 / m_view.zoom();
    switch (event->key()) {
    case Qt::Key_Left: return m_view.set(m_view.zoom(), m_view.centre() - QPointF(step, 0));
    case Qt::Key_Right: return m_view.set(m_view.zoom(), m_view.centre() + QPointF(step, 0));
    case Qt::Key_Up: return m_view.set(m_view.zoom(), m_view.centre() - QPointF(0, step));
    case Qt::Key_Down: return m_view.set(m_view.zoom(), m_view.centre() + QPointF(0, step));
    case Qt::Key_Plus:
    case Qt::Key_Equal: return m_view.set(m_view.zoom() * 1.25, m_view.centre());
    case Qt::Key_Minus: return m_view.set(m_view.zoom() / 1.25, m_view.centre());
    default: QWidget::keyPressEvent(event);
    }
}

void Canvas::leaveEvent(QEvent *event)
{
    Q_EMIT pointerMoved(std::nullopt);
    QGraphicsView::leaveEvent(event);
}

} // namespace rekey::ui
