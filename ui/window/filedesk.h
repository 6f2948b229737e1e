// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <functional>

class QWidget;

namespace rekey::ui {

struct RecentPair;

/// What a person opens and saves through dialogs: checkpoints, folders, architectures, mappings, exports. A mapping with
/// unsaved changes is asked about before it would be lost.
class FileDesk : public QObject
{
    Q_OBJECT
public:
    FileDesk(Session &session, QWidget &window);

    void openSide(Side side, bool folder);
    void openMapping();
    void openRecent(const RecentPair &pair);
    void chooseArchitecture();
    /// `then` runs once it is saved; not when it could not be, or the dialog was left.
    void saveMapping(bool askWhere, std::function<void()> then = {});
    /// Preview, copy or save; begins with this exporter.
    void exportMapping(const QString &exporterId);
    /// Writes an export to a file, as the dialog does.
    void exportTo(const QString &exporterId, const QString &path);
    /// Runs `go` when no unsaved change would be lost: at once, or after the person saved or discarded it.
    void whenMappingIsSafe(std::function<void()> go);

Q_SIGNALS:
    void messageAsked(const QString &text, bool problem);
    void written(const QString &text, const QString &folder); ///< done, and where

private:
    Session &m_session;
    QWidget &m_window;
};

} // namespace rekey::ui
