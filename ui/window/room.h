// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAction>
#include <QList>
#include <QWidget>

class QUndoStack;

namespace rekey::ui {

/// One of the window's rooms (Inspect, Map, Segment, Parity). The room owns what it puts into the tool bar and the
/// status strip; the window only places these widgets there, shows them while the room is the current one, and hides
/// them with it. Both keep their object identity for the life of the room.
class Room : public QWidget
{
public:
    using QWidget::QWidget;

    /// Fills the tool bar to the right of the rooms switch, to the window's edge; lays itself out (controls 28 high).
    virtual QWidget *toolBarWidget() { return nullptr; }
    /// Fills the status strip, 28 high, left to right edge. Null: the window's own strip is shown.
    virtual QWidget *statusWidget() { return nullptr; }
    /// For the menus: the room's own actions with their shortcuts, already working in the window (Run both, F5 …).
    /// Shortcuts act only while the room is visible, so the window may list the actions of all rooms.
    virtual QList<QAction *> menuActions() { return {}; }
    /// What Ctrl+Z undoes while the room is shown. Null: the mapping document's stack.
    virtual QUndoStack *undoStack() { return nullptr; }
    /// Ctrl+F. False when the room has no filter.
    virtual bool focusFilter() { return false; }
    /// The room has become the current one. Called each time; cheap work only, longer work starts as a job.
    virtual void activated() {}
};

} // namespace rekey::ui
