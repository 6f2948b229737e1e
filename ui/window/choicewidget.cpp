// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/choicewidget.h"

#include <QKeyEvent>
#include <QMouseEvent>

namespace rekey::ui {

ChoiceWidget::ChoiceWidget(QWidget *parent)
    : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
}

int ChoiceWidget::choiceAt(const QPoint &position) const
{
    for (int i = 0; i < choiceCount(); ++i)
        if (choiceRect(i).contains(position))
            return i;
    return -1;
}

void ChoiceWidget::hover(int index)
{
    if (index == m_hovered)
        return;
    m_hovered = index;
    update();
}

void ChoiceWidget::mousePressEvent(QMouseEvent *event)
{
    const int index = choiceAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && index >= 0 && mayPick(index))
        pick(index);
}

void ChoiceWidget::mouseMoveEvent(QMouseEvent *event)
{
    hover(choiceAt(event->position().toPoint()));
}

void ChoiceWidget::leaveEvent(QEvent *)
{
    hover(-1);
}

void ChoiceWidget::keyPressEvent(QKeyEvent *event)
{
    const bool horizontal = orientation() == Qt::Horizontal;
    const int step = event->key() == (horizontal ? Qt::Key_Left : Qt::Key_Up)      ? -1
                     : event->key() == (horizontal ? Qt::Key_Right : Qt::Key_Down) ? 1
                                                                                   : 0;
    if (step == 0)
        return QWidget::keyPressEvent(event);
    int next = currentChoice() + step;
    while (next >= 0 && next < choiceCount() && !mayPick(next))
        next += step;
    if (next >= 0 && next < choiceCount())
        pick(next);
}

void ChoiceWidget::changeEvent(QEvent *event)
{
    update();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
