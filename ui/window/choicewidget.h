// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rekey::ui {

/// A widget that paints a few choices itself: switches, tabs, cards. The one under the pointer is hovered, a left press
/// picks, arrow keys go to the next one that may be picked. Subclasses say where the choices lie and paint them.
class ChoiceWidget : public QWidget
{
public:
    explicit ChoiceWidget(QWidget *parent = nullptr);

    virtual QRect choiceRect(int index) const = 0;

protected:
    virtual int choiceCount() const = 0;
    virtual int currentChoice() const = 0; ///< -1: none
    virtual bool mayPick(int) const { return true; }
    virtual void pick(int index) = 0; ///< by a person; also of the current one
    virtual Qt::Orientation orientation() const { return Qt::Horizontal; }

    int choiceAt(const QPoint &position) const; ///< -1: none
    int hoveredChoice() const { return m_hovered; }
    void forgetHovered() { m_hovered = -1; } ///< the choices changed

    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void hover(int index);
    int m_hovered = -1;
};

} // namespace rekey::ui
