// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/canvaspair.h"

#include "ui/segment/canvas.h"
#include "ui/segment/canvascard.h"
#include "ui/segment/viewstate.h"
#include "ui/window/banner.h"

#include <QHBoxLayout>

#include <algorithm>

namespace rekey::ui {

CanvasPair::CanvasPair(PromptModel &prompts, QWidget *parent)
    : QWidget(parent)
    , m_view(new ViewState(this))
    , m_original(new CanvasCard(tr("Original"), QStringLiteral("source"), *m_view, prompts))
    , m_converted(new CanvasCard(tr("Converted"), QStringLiteral("target"), *m_view, prompts))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(m_original, 1);
    row->addWidget(m_converted, 1);
    connectCard(Which::Original);
    connectCard(Which::Converted);
}

void CanvasPair::connectCard(Which which)
{
    Canvas &canvas = card(which).canvas();
    connect(&canvas, &Canvas::prompted, this, &CanvasPair::prompted);
    connect(&canvas, &Canvas::promptPressed, this, &CanvasPair::promptPressed);
    connect(&canvas, &Canvas::pointerMoved, this, [this, which](std::optional<QPoint> pixel) { Q_EMIT pointerMoved(which, pixel); });
    connect(&card(which).banner(), &Banner::actionClicked, this, [this, which] { Q_EMIT actionClicked(which); });
}

template <typename Act> void CanvasPair::forBoth(Act act)
{
    act(m_original->canvas());
    act(m_converted->canvas());
}

void CanvasPair::setMode(CanvasMode mode)
{
    m_mode = mode;
    m_converted->setVisible(mode == CanvasMode::SideBySide);
}

void CanvasPair::setPicture(const QImage &picture)
{
    forBoth([&](Canvas &canvas) { canvas.setPicture(picture); });
    m_view->fit();
}

void CanvasPair::setTool(CanvasTool tool)
{
    forBoth([&](Canvas &canvas) { canvas.setTool(tool); });
}

void CanvasPair::setMaskOpacity(double opacity)
{
    forBoth([&](Canvas &canvas) { canvas.setMaskOpacity(opacity); });
}

void CanvasPair::setMaskShown(bool shown)
{
    forBoth([&](Canvas &canvas) { canvas.setMaskShown(shown); });
}

void CanvasPair::setCurrentPrompt(int row)
{
    forBoth([&](Canvas &canvas) { canvas.setCurrentPrompt(row); });
}

void CanvasPair::setPreview(const MaskPicture &mask)
{
    forBoth([&](Canvas &canvas) { canvas.setPreview(mask); });
}

void CanvasPair::showMasks(const SegmentRun &run, bool none)
{
    const std::size_t chosen = run.chosen();
    const auto mask = [&](Which which) {
        const ModelRun &model = run.model(which);
        return !none && chosen < model.masks.size() ? model.masks[chosen] : MaskPicture {};
    };
    Canvas &left = m_original->canvas();
    left.setMask(mask(Which::Original));
    m_converted->canvas().setMask(mask(Which::Converted));
    if (m_mode == CanvasMode::Swipe)
        left.setSwipe(mask(Which::Converted));
    else
        left.endSwipe();
    const auto &a = run.model(Which::Original).result, &b = run.model(Which::Converted).result;
    if (!none && m_mode == CanvasMode::Difference && a && b && chosen < std::min(a->masks.size(), b->masks.size()))
        left.setDifference(maskDifference(a->masks[chosen].pixels, b->masks[chosen].pixels, a->width, a->height));
    else
        left.endDifference();
}

} // namespace rekey::ui
