// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFileSystemWatcher>
#include <QTimer>

#include <filesystem>
#include <vector>

namespace rekey::ui {

/// Notices when files that are open are written to, replaced or removed by somebody else. Says so once.
class FileWatch : public QObject
{
    Q_OBJECT
public:
    explicit FileWatch(QObject *parent = nullptr);

    /// Instead of what was watched before. Of very many shards only the first are watched.
    void watch(const std::vector<std::filesystem::path> &files);

Q_SIGNALS:
    void changed(const QString &file); ///< its name; it is still there
    void vanished(const QString &file);

private:
    struct Stamp
    {
        bool exists = false;
        std::uintmax_t size = 0;
        std::filesystem::file_time_type time;
        bool operator==(const Stamp &) const = default;
    };
    static Stamp stampOf(const std::filesystem::path &file);
    void check();
    QFileSystemWatcher m_watcher;
    QTimer m_settle; ///< a file that is being copied changes many times
    std::vector<std::pair<std::filesystem::path, Stamp>> m_files;
};

} // namespace rekey::ui
