// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/maskexport.h"

#include <QObject>

class QAction;
class QKeySequence;

namespace rekey::ui {

class EverythingRun;
class SegmentRun;
class Session;
struct MaskDestination;

/// Saving and copying the chosen mask, or all of everything's. The signals are for a notice where the person looks.
class MaskActions : public QObject
{
    Q_OBJECT
public:
    MaskActions(Session &session, SegmentRun &run, EverythingRun &everything, QWidget *window);

    QList<QAction *> actions() const { return m_actions; }
    void follow(); ///< the result changed
    void save();
    void saveEverything();
    void saveTo(const MaskDestination &destination, std::vector<ExportedMask> masks);
    void copyPicture();
    void copyCoco();

Q_SIGNALS:
    void saved(const QString &file);
    void done(const QString &text);
    void failed(const QString &text);

private:
    void add(const QString &text, const QString &iconName, const QKeySequence &key, void (MaskActions::*slot)());
    QString stem() const;
    CocoImage image() const;

    Session &m_session;
    SegmentRun &m_run;
    EverythingRun &m_everything;
    QWidget *m_window;
    QList<QAction *> m_actions;
};

} // namespace rekey::ui
