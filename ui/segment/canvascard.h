// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/window/card.h"

namespace rekey::ui {

class Banner;
class Canvas;
class PromptModel;
class ViewState;

/// A canvas with its head, in a card; messages lie over the canvas, so that nothing jumps.
class CanvasCard : public Card
{
    Q_OBJECT
public:
    CanvasCard(const QString &title, const QString &iconName, ViewState &view, PromptModel &prompts, QWidget *parent = nullptr);

    Canvas &canvas() const { return *m_canvas; }
    Banner &banner() const { return *m_banner; }

protected:
    void resizeEvent(QResizeEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void placeBanner();
    Canvas *m_canvas;
    Banner *m_banner;
};

} // namespace rekey::ui
