// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QList>
#include <QSet>
#include <QWidget>

#include <functional>

class QUndoStack;

namespace rekey::ui {

class Job;

/// One of the window's rooms (Inspect, Map, Segment, Parity). The room owns what it puts into the tool bar and the
/// status strip; the window only places these widgets there, shows them while the room is the current one, and hides
/// them with it. Both keep their object identity for the life of the room.
class Room : public QWidget
{
    Q_OBJECT
public:
    using QWidget::QWidget;

    /// Fills the tool bar to the right of the rooms switch, to the window's edge; lays itself out (controls 28 high).
    virtual QWidget *toolBarWidget() { return nullptr; }
    /// Fills the status strip, 28 high, left to right edge. Null: the window's own strip is shown.
    virtual QWidget *statusWidget() { return nullptr; }
    /// For the menus: the room's own actions with their shortcuts (Run both, F5 …). The window may list those of all rooms: one key
    /// belongs to the room that is shown.
    const QList<QAction *> &menuActions() const { return m_actions; }
    /// What Ctrl+Z undoes while the room is shown. Null: the mapping document's stack.
    virtual QUndoStack *undoStack() { return nullptr; }
    /// Ctrl+F. False when the room has no filter.
    virtual bool focusFilter() { return false; }
    /// The job whose progress the room's status strip shows, with a way to cancel it; null: none.
    virtual const Job *shownJob() const { return nullptr; }
    /// The room has become the current one. Called each time; cheap work only, longer work starts as a job.
    virtual void activated() {}

protected:
    enum class Reach : quint8 {
        WhileShown, ///< the key works in this room
        Everywhere, ///< in any room: it leads to this one
    };
    /// An action of the room's own.
    QAction *addRoomAction(const QString &text, const QString &iconName, const QKeySequence &key, std::function<void()> run,
                           Reach reach = Reach::WhileShown);
    /// Actions of one of its parts, which says itself when they can be used.
    void listActions(const QList<QAction *> &actions) { m_actions << actions; }
    /// Whether an action that works while the room is shown has something to do.
    void allow(QAction *action, bool allowed);

    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;

private:
    void enableActions();
    QList<QAction *> m_actions, m_whileShown;
    QSet<QAction *> m_idle; ///< have nothing to do
};

} // namespace rekey::ui
