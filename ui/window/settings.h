// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"
#include "ui/theme/theme.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QObject>
#include <QSettings>

#include <QString>

#include <filesystem>
#include <memory>

namespace rekey::ui {

/// A pair that was open once, for the start page.
struct RecentPair
{
    QString source, target;         ///< paths; a target that is an architecture's schema has none
    QString sourceName, targetName;
    int filled = 0, total = 0, toReview = 0, missing = 0;
    QDateTime when;
    bool operator==(const RecentPair &) const = default;
};

/// What is remembered between sessions. Key and default of each value are declared once, in settings.cpp.
class Settings : public QObject
{
    Q_OBJECT
public:
    /// The user's; with `file`, an INI file of its own (tests).
    explicit Settings(const QString &file = {}, QObject *parent = nullptr);

    ColourScheme colourScheme() const;
    void setColourScheme(ColourScheme scheme);
    bool linkedScroll() const;
    void setLinkedScroll(bool linked);
    /// Last folder of a kind of dialog: "open", "mapping", "convert", "image", "export".
    QString lastFolder(const QString &kind, const QString &otherwise = {}) const;
    void setLastFolder(const QString &kind, const QString &folder);
    /// Geometry and splitters by name ("window", "map/columns", …). Carries the layout's version.
    QByteArray layout(const QString &name) const;
    void setLayout(const QString &name, const QByteArray &state);

    QList<RecentPair> recentPairs() const;
    void recordPair(const std::filesystem::path &source, const std::filesystem::path &target, const QString &sourceName,
                    const QString &targetName, const Resolution &resolution);
    void removeRecentPair(const RecentPair &pair);
    void clearRecentPairs();

Q_SIGNALS:
    void colourSchemeChanged();
    void linkedScrollChanged();
    void recentPairsChanged();

private:
    void storeRecentPairs(const QList<RecentPair> &pairs);
    std::unique_ptr<QSettings> m_store;
};

} // namespace rekey::ui
