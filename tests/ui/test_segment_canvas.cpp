// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/canvas.h"
#include "ui/segment/viewstate.h"

#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include <gtest/gtest.h>

#include <cmath>

namespace rekey::ui {
namespace {

class CanvasTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        picture = QImage(640, 427, QImage::Format_RGB32);
        picture.fill(Qt::darkGray);
        for (Canvas *each : {&canvas, &other}) {
            each->resize(531, 420);
            each->show();
            each->setPicture(picture);
        }
        QObject::connect(&canvas, &Canvas::prompted, &prompts, &PromptModel::add);
    }

    QPointF exactlyOn(const QPoint &pixel) { return canvas.viewportTransform().map(QPointF(pixel) + QPointF(0.5, 0.5)); }
    QPoint on(const QPoint &pixel)
    {
        const QPointF at = exactlyOn(pixel);
        return {static_cast<int>(std::floor(at.x())), static_cast<int>(std::floor(at.y()))};
    }
    void click(const QPointF &at)
    {
        for (const auto type : {QEvent::MouseButtonPress, QEvent::MouseButtonRelease}) {
            QMouseEvent event(type, at, canvas.viewport()->mapToGlobal(at), Qt::LeftButton,
                              type == QEvent::MouseButtonPress ? Qt::LeftButton : Qt::NoButton, Qt::NoModifier);
            QCoreApplication::sendEvent(canvas.viewport(), &event);
        }
    }
    void moveWithButton(const QPoint &to)
    {
        QMouseEvent event(QEvent::MouseMove, to, canvas.viewport()->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
        QCoreApplication::sendEvent(canvas.viewport(), &event);
    }

    QImage picture;
    ViewState view;
    PromptModel prompts;
    Canvas canvas{view, prompts}, other{view, prompts};
};

TEST_F(CanvasTest, AClickIsThePixelUnderIt)
{
    for (const double zoom : {0.5, 0.83, 1.0, 1.37, 3.0, 7.5, 40.0}) {
        for (const QPoint pixel : {QPoint(320, 220), QPoint(0, 0), QPoint(639, 426), QPoint(17, 400)}) {
            view.set(zoom, QPointF(pixel) + QPointF(0.5, 0.5));
            prompts.reset({});
            click(exactlyOn(pixel));
            ASSERT_EQ(prompts.prompts().size(), 1) << zoom;
            EXPECT_EQ(prompts.prompts().first().position, QPointF(pixel)) << zoom;
            EXPECT_EQ(canvas.pixelAt(exactlyOn(pixel)), pixel);
        }
    }
}

TEST_F(CanvasTest, RightClickIsABackgroundPoint)
{
    view.set(2, {100, 100});
    QTest::mouseClick(canvas.viewport(), Qt::RightButton, {}, on({90, 80}));
    ASSERT_EQ(prompts.prompts().size(), 1);
    EXPECT_EQ(prompts.prompts().first(), Prompt::point({90, 80}, false));
}

TEST_F(CanvasTest, DragIsABox)
{
    view.set(2, {100, 100});
    const QPoint from = on({60, 50}), to = on({140, 130});
    QTest::mousePress(canvas.viewport(), Qt::LeftButton, {}, from);
    moveWithButton((from + to) / 2);
    moveWithButton(to);
    QTest::mouseRelease(canvas.viewport(), Qt::LeftButton, {}, to);
    ASSERT_EQ(prompts.prompts().size(), 1);
    EXPECT_EQ(prompts.prompts().first(), Prompt::boxed(QRectF(QPointF(60, 50), QPointF(140, 130))));
}

TEST_F(CanvasTest, ABoxEndsAtThePicture)
{
    view.set(1, {20, 20});
    const QPoint from = on({40, 40}), to = on({-60, -60});
    QTest::mousePress(canvas.viewport(), Qt::LeftButton, {}, from);
    moveWithButton(to);
    QTest::mouseRelease(canvas.viewport(), Qt::LeftButton, {}, to);
    ASSERT_EQ(prompts.prompts().size(), 1);
    EXPECT_EQ(prompts.prompts().first().box().topLeft(), QPointF(0, 0));
}

TEST_F(CanvasTest, OutsideThePictureIsNoPrompt)
{
    view.set(1, {0, 0});
    QTest::mouseClick(canvas.viewport(), Qt::LeftButton, {}, on({-5, 10}));
    EXPECT_TRUE(prompts.prompts().isEmpty());
}

TEST_F(CanvasTest, ShiftDragPansBothCanvases)
{
    view.set(2, {100, 100});
    const QPoint from(200, 200), to(240, 170);
    QTest::mousePress(canvas.viewport(), Qt::LeftButton, Qt::ShiftModifier, from);
    moveWithButton(to);
    QTest::mouseRelease(canvas.viewport(), Qt::LeftButton, Qt::ShiftModifier, to);
    EXPECT_TRUE(prompts.prompts().isEmpty());
    EXPECT_EQ(view.centre(), QPointF(80, 115));
    EXPECT_EQ(canvas.viewportTransform(), other.viewportTransform());
}

TEST_F(CanvasTest, WheelKeepsThePixelUnderThePointer)
{
    view.set(1.5, {300, 200});
    const QPointF at(400, 100);
    const QPointF before = canvas.viewportTransform().inverted().map(at);
    QWheelEvent event(at, canvas.viewport()->mapToGlobal(at), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(canvas.viewport(), &event);
    EXPECT_GT(view.zoom(), 1.5);
    const QPointF after = canvas.viewportTransform().inverted().map(at);
    // Views scroll by whole screen pixels.
    EXPECT_NEAR(before.x(), after.x(), 1 / view.zoom());
    EXPECT_NEAR(before.y(), after.y(), 1 / view.zoom());
}

TEST_F(CanvasTest, FitShowsTheWholePicture)
{
    view.set(9, {10, 10});
    view.fit();
    EXPECT_NEAR(view.zoom(), 531.0 / 640.0, 1e-9);
    EXPECT_TRUE(canvas.pixelAt(exactlyOn({0, 213})).has_value());
    EXPECT_TRUE(canvas.pixelAt(exactlyOn({639, 213})).has_value());
}

} // namespace
} // namespace rekey::ui
