// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/filewatch.h"

#include <system_error>

namespace rekey::ui {

namespace {

constexpr std::size_t mostWatched = 64;
constexpr int settleTime = 400; ///< ms

} // namespace

FileWatch::FileWatch(QObject *parent)
    : QObject(parent)
{
    m_settle.setSingleShot(true);
    m_settle.setInterval(settleTime);
    connect(&m_settle, &QTimer::timeout, this, &FileWatch::check);
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, [this] { m_settle.start(); });
}

FileWatch::Stamp FileWatch::stampOf(const std::filesystem::path &file)
{
    std::error_code error;
    Stamp stamp;
    stamp.size = std::filesystem::file_size(file, error);
    if (error)
        return {};
    stamp.exists = true;
    stamp.time = std::filesystem::last_write_time(file, error);
    return stamp;
}

void FileWatch::watch(const std::vector<std::filesystem::path> &files)
{
    m_settle.stop();
    m_files.clear();
    if (!m_watcher.files().isEmpty())
        m_watcher.removePaths(m_watcher.files());
    for (std::size_t i = 0; i < std::min(files.size(), mostWatched); ++i) {
        m_files.emplace_back(files[i], stampOf(files[i]));
        m_watcher.addPath(QString::fromStdString(files[i].string()));
    }
}

void FileWatch::check()
{
    for (auto &[file, stamp] : m_files) {
        const Stamp now = stampOf(file);
        if (now == stamp)
            continue;
        stamp = now;
        const QString name = QString::fromStdString(file.filename().string());
        if (now.exists) {
            m_watcher.addPath(QString::fromStdString(file.string())); // one that was replaced is no longer watched
            Q_EMIT changed(name);
        } else {
            Q_EMIT vanished(name);
        }
        return;
    }
}

} // namespace rekey::ui
