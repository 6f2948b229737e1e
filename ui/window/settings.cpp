// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/settings.h"

#include <QDir>

namespace rekey::ui {

namespace {

constexpr int layoutVersion = 1;
constexpr int mostRecentPairs = 8;

const QString schemeKey = QStringLiteral("view/colourScheme");
const QString linkedScrollKey = QStringLiteral("view/linkedScroll");
const QString recentKey = QStringLiteral("recentPairs");

QString pathText(const std::filesystem::path &path)
{
    return QString::fromStdString(path.string());
}

} // namespace

Settings::Settings(const QString &file, QObject *parent)
    : QObject(parent)
    , m_store(file.isEmpty() ? std::make_unique<QSettings>(QStringLiteral("rekey"), QStringLiteral("rekey"))
                             : std::make_unique<QSettings>(file, QSettings::IniFormat))
{
}

ColourScheme Settings::colourScheme() const
{
    return static_cast<ColourScheme>(std::clamp(m_store->value(schemeKey, 0).toInt(), 0, 2));
}

void Settings::setColourScheme(ColourScheme scheme)
{
    if (scheme == colourScheme())
        return;
    m_store->setValue(schemeKey, static_cast<int>(scheme));
    Q_EMIT colourSchemeChanged();
}

bool Settings::linkedScroll() const
{
    return m_store->value(linkedScrollKey, true).toBool();
}

void Settings::setLinkedScroll(bool linked)
{
    if (linked == linkedScroll())
        return;
    m_store->setValue(linkedScrollKey, linked);
    Q_EMIT linkedScrollChanged();
}

QString Settings::lastFolder(const QString &kind, const QString &otherwise) const
{
    return m_store->value(QStringLiteral("folders/") + kind, otherwise.isEmpty() ? QDir::homePath() : otherwise).toString();
}

void Settings::setLastFolder(const QString &kind, const QString &folder)
{
    m_store->setValue(QStringLiteral("folders/") + kind, folder);
}

QByteArray Settings::layout(const QString &name) const
{
    return m_store->value(QStringLiteral("layout%1/%2").arg(layoutVersion).arg(name)).toByteArray();
}

void Settings::setLayout(const QString &name, const QByteArray &state)
{
    m_store->setValue(QStringLiteral("layout%1/%2").arg(layoutVersion).arg(name), state);
}

QList<RecentPair> Settings::recentPairs() const
{
    QList<RecentPair> pairs;
    const int count = m_store->beginReadArray(recentKey);
    for (int i = 0; i < count; ++i) {
        m_store->setArrayIndex(i);
        const auto text = [this](const char *key) { return m_store->value(QLatin1String(key)).toString(); };
        const auto number = [this](const char *key) { return m_store->value(QLatin1String(key)).toInt(); };
        pairs.append({text("source"), text("target"), text("sourceName"), text("targetName"), number("filled"), number("total"),
                      number("toReview"), number("missing"), m_store->value(QStringLiteral("when")).toDateTime()});
    }
    m_store->endArray();
    return pairs;
}

void Settings::storeRecentPairs(const QList<RecentPair> &pairs)
{
    m_store->remove(recentKey);
    m_store->beginWriteArray(recentKey, static_cast<int>(pairs.size()));
    for (qsizetype i = 0; i < pairs.size(); ++i) {
        const RecentPair &pair = pairs[i];
        m_store->setArrayIndex(static_cast<int>(i));
        m_store->setValue(QStringLiteral("source"), pair.source);
        m_store->setValue(QStringLiteral("target"), pair.target);
        m_store->setValue(QStringLiteral("sourceName"), pair.sourceName);
        m_store->setValue(QStringLiteral("targetName"), pair.targetName);
        m_store->setValue(QStringLiteral("filled"), pair.filled);
        m_store->setValue(QStringLiteral("total"), pair.total);
        m_store->setValue(QStringLiteral("toReview"), pair.toReview);
        m_store->setValue(QStringLiteral("missing"), pair.missing);
        m_store->setValue(QStringLiteral("when"), pair.when);
    }
    m_store->endArray();
    Q_EMIT recentPairsChanged();
}

void Settings::recordPair(const std::filesystem::path &source, const std::filesystem::path &target, const QString &sourceName,
                          const QString &targetName, const Resolution &resolution)
{
    if (source.empty())
        return;
    const auto count = [&resolution](TargetStatus status) { return static_cast<int>(resolution.count(status)); };
    RecentPair pair {pathText(source),
                     pathText(target),
                     sourceName,
                     targetName,
                     count(TargetStatus::Filled) + count(TargetStatus::Initialised),
                     static_cast<int>(resolution.targets.size()),
                     count(TargetStatus::ToReview),
                     count(TargetStatus::Missing) + count(TargetStatus::Mismatched) + count(TargetStatus::Conflicting),
                     QDateTime::currentDateTime()};
    QList<RecentPair> pairs = recentPairs();
    const auto same = [&pair](const RecentPair &other) {
        return other.source == pair.source && other.target == pair.target && other.targetName == pair.targetName;
    };
    pairs.removeIf(same);
    pairs.prepend(pair);
    while (pairs.size() > mostRecentPairs)
        pairs.removeLast();
    storeRecentPairs(pairs);
}

void Settings::removeRecentPair(const RecentPair &pair)
{
    QList<RecentPair> pairs = recentPairs();
    pairs.removeOne(pair);
    storeRecentPairs(pairs);
}

void Settings::clearRecentPairs()
{
    storeRecentPairs({});
}

} // namespace rekey::ui
