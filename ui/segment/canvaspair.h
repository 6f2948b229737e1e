// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/segmentrun.h"
#include "ui/segment/segmenttoolbar.h"

#include <QPoint>
#include <QWidget>

namespace rekey::ui {

class Canvas;
class CanvasCard;
class ViewState;

/// Original and converted model beside each other on one picture, with one zoom; or both in the first card, parted by a line or as the
/// difference of their masks.
class CanvasPair : public QWidget
{
    Q_OBJECT
public:
    explicit CanvasPair(PromptModel &prompts, QWidget *parent = nullptr);

    CanvasCard &card(Which which) const { return which == Which::Original ? *m_original : *m_converted; }
    ViewState &view() const { return *m_view; }
    CanvasMode mode() const { return m_mode; }
    void setMode(CanvasMode mode); ///< showMasks() follows it

    void setPicture(const QImage &picture); ///< shows the whole of it
    void setTool(CanvasTool tool);
    void setMaskOpacity(double opacity);
    void setMaskShown(bool shown);
    void setCurrentPrompt(int row);
    void setPreview(const MaskPicture &mask);
    /// Of each the candidate that the run has chosen; none where something else is shown.
    void showMasks(const SegmentRun &run, bool none);

Q_SIGNALS:
    void prompted(const rekey::ui::Prompt &prompt);
    void promptPressed(int row);
    void pointerMoved(rekey::ui::Which which, std::optional<QPoint> pixel);
    void actionClicked(rekey::ui::Which which); ///< of a card's message

private:
    void connectCard(Which which);
    template <typename Act> void forBoth(Act act);

    ViewState *m_view;
    CanvasCard *m_original, *m_converted;
    CanvasMode m_mode = CanvasMode::SideBySide;
};

} // namespace rekey::ui
