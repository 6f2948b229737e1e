// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/canvas.h"

#include <QWidget>

class QLabel;
class QSlider;

namespace rekey::ui {

class PageButton;
class SegmentedSwitch;

enum class CanvasMode : quint8 { SideBySide, Swipe, Difference };

/// The Segment room's part of the tool bar.
class SegmentToolBar : public QWidget
{
    Q_OBJECT
public:
    explicit SegmentToolBar(QWidget *parent = nullptr);

    void setUndoEnabled(bool undo, bool redo);
    void setRunEnabled(bool enabled);
    void setMode(CanvasMode mode);
    void setTool(CanvasTool tool);

    /// Folded as far as it goes; resizing unfolds what fits.
    QSize minimumSizeHint() const override { return {440, 28}; }

Q_SIGNALS:
    void toolChosen(rekey::ui::CanvasTool tool);
    void modeChosen(rekey::ui::CanvasMode mode);
    void undoClicked();
    void redoClicked();
    void fitClicked();
    void opacityChanged(double opacity);
    void openClicked();
    void runClicked();

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    QList<PageButton *> m_tools;
    PageButton *m_undo, *m_redo, *m_fit, *m_open, *m_run;
    QWidget *m_maskPart;
    QSlider *m_opacity;
    QLabel *m_percent;
    SegmentedSwitch *m_mode;
};

} // namespace rekey::ui
