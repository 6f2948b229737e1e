// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QAction;

namespace rekey::ui {

class SegmentRun;
class Session;

/// Saving and copying the chosen mask. The signals are for a notice where the person looks.
class MaskActions : public QObject
{
    Q_OBJECT
public:
    MaskActions(Session &session, SegmentRun &run, QWidget *window);

    QList<QAction *> actions() const { return m_actions; }
    void follow(); ///< the result changed

Q_SIGNALS:
    void saved(const QString &file);
    void done(const QString &text);
    void failed(const QString &text);

private:
    void savePicture();
    void copyPicture();

    Session &m_session;
    SegmentRun &m_run;
    QWidget *m_window;
    QList<QAction *> m_actions;
};

} // namespace rekey::ui
