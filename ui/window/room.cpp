// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/room.h"

#include "ui/theme/theme.h"

#include <utility>

namespace rekey::ui {

QAction *Room::addRoomAction(const QString &text, const QString &iconName, const QKeySequence &key, std::function<void()> run, Reach reach)
{
    auto *action = new QAction(text, this);
    if (!iconName.isEmpty())
        action->setIcon(icon(iconName));
    action->setShortcut(key);
    addAction(action);
    connect(action, &QAction::triggered, this, std::move(run));
    m_actions << action;
    if (reach == Reach::WhileShown) {
        action->setEnabled(false);
        m_whileShown << action;
    }
    return action;
}

void Room::allow(QAction *action, bool allowed)
{
    if (allowed)
        m_idle.remove(action);
    else
        m_idle.insert(action);
    action->setEnabled(allowed && isVisible());
}

void Room::enableActions()
{
    for (QAction *action : std::as_const(m_whileShown))
        action->setEnabled(isVisible() && !m_idle.contains(action));
}

void Room::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    enableActions();
}

void Room::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    enableActions();
}

} // namespace rekey::ui
