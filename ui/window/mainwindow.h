// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/window/settings.h"

#include <QMainWindow>
#include <QUndoGroup>

class QStackedWidget;

namespace rekey::ui {

class Banner;
class FileDesk;
class JobBar;
class MapPage;
class ParityPage;
class Room;
class SegmentedSwitch;
class SegmentPage;
class StartPage;
struct ConvertOutcome;

/// The window: menus, the rooms switch, one room at a time, and the status strip.
class MainWindow : public QMainWindow
{
    Q_OBJECT
public:
    enum RoomIndex { Inspect, Map, Segment, Parity, RoomCount };

    MainWindow(Session &session, QWidget *parent = nullptr);
    ~MainWindow() override;

    MapPage *map() const { return m_map; }
    SegmentPage *segment() const { return m_segment; }
    ParityPage *parity() const { return m_parity; }
    StartPage *start() const { return m_start; }
    SegmentedSwitch *roomsSwitch() const { return m_rooms; }
    Banner *banner() const { return m_banner; }
    FileDesk &desk() const { return *m_desk; }
    Room *room(RoomIndex index) const { return m_roomOf[index]; }
    void showRoom(RoomIndex index);
    void showStart();
    bool isAtStart() const;
    /// Checkpoints, a mapping: what a command line or a drop names.
    void openPaths(const QStringList &paths);
    void convert();

protected:
    void closeEvent(QCloseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;

private:
    void makeRooms();
    QWidget *makeToolBar();
    QWidget *makeStatusStrip();
    QWidget *makeStartStatus();
    void makeMenus();
    void makeFileMenu();
    void makeViewMenu();
    void connectRooms();
    void followOpened();
    void followTitle();
    void followSafety(Side side);
    void followDisk(Side side, const QString &sentence);
    void followNothingOpen();
    void followDoubt(const QString &sentence);
    void showConverted(const ConvertOutcome &outcome);
    void showMessage(const QString &text, bool problem);
    void showDone(const QString &text, const QString &folder);
    void about();

    Session &m_session;
    FileDesk *m_desk;
    StartPage *m_start;
    MapPage *m_map;
    SegmentPage *m_segment = nullptr;
    ParityPage *m_parity = nullptr;
    std::array<Room *, RoomCount> m_roomOf{};
    SegmentedSwitch *m_rooms;
    QWidget *m_toolBar;
    QStackedWidget *m_pages, *m_tools, *m_status;
    Banner *m_banner;
    JobBar *m_jobBar;
    QUndoGroup m_undo;
    QList<QAction *> m_pairActions; ///< need both sides
    bool m_mayClose = false;        ///< the mapping is saved, or may be lost
};

} // namespace rekey::ui
