// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/recentrow.h"

#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QDir>
#include <QFileInfo>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>

namespace rekey::ui {

namespace {

QString dateText(const QDateTime &when)
{
    const QDate today = QDate::currentDate();
    const QLocale locale;
    if (when.date() == today)
        return QObject::tr("Today, %1").arg(locale.toString(when.time(), QLocale::ShortFormat));
    if (when.date() == today.addDays(-1))
        return QObject::tr("Yesterday, %1").arg(locale.toString(when.time(), QLocale::ShortFormat));
    return locale.toString(when.date(), QStringLiteral("d MMM yyyy"));
}

QString homeless(const QString &path)
{
    const QString home = QDir::homePath();
    return path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path;
}

} // namespace

RecentRow::RecentRow(RecentPair pair, bool first, QWidget *parent)
    : QAbstractButton(parent)
    , m_pair(std::move(pair))
    , m_first(first)
{
    setFixedHeight(48);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setAccessibleName(m_pair.sourceName + QStringLiteral(" → ") + m_pair.targetName);
    setToolTip(homeless(m_pair.source) + QStringLiteral("\n") + homeless(m_pair.target));
}

void RecentRow::setFound(bool found)
{
    m_found = found;
    update();
}

void RecentRow::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    if (underMouse())
        painter.fillRect(rect().adjusted(1, 0, -1, 0), theme.hover);
    if (!m_first)
        painter.fillRect(QRectF(1, 0, width() - 2, 1.0 / devicePixelRatioF()), theme.line);
    const qreal ratio = devicePixelRatioF();
    painter.drawPixmap(13, 16, iconPixmap(QStringLiteral("open-pair"), 16, ratio, theme.text2));
    const QColor ink = m_found ? theme.text : theme.text2;
    const int middle = width() / 2;
    QFont medium = font();
    medium.setWeight(QFont::Medium);
    const QFontMetrics metrics(medium);
    const int sourceWidth = std::min(metrics.horizontalAdvance(m_pair.sourceName), (middle - 80) / 2);
    paintText(painter, QRect(40, 5, sourceWidth + 1, 20), m_pair.sourceName, medium, ink);
    painter.drawPixmap(40 + sourceWidth + 7, 7, iconPixmap(QStringLiteral("arrow-right"), 16, ratio, theme.text2));
    paintText(painter, QRect(40 + sourceWidth + 30, 5, middle - sourceWidth - 80, 20), m_pair.targetName, medium, ink);
    paintText(painter, QRect(40, 24, middle - 60, 18), homeless(QFileInfo(m_pair.source).path()), secondaryFont(), theme.text2);

    Status status = Status::Filled;
    QString text = tr("%1 of %2 filled").arg(m_pair.filled).arg(m_pair.total);
    if (m_pair.missing > 0) {
        status = Status::Missing;
        text += tr(", %1 missing").arg(m_pair.missing);
    } else if (m_pair.toReview > 0) {
        status = Status::ToReview;
        text += tr(", %1 to review").arg(m_pair.toReview);
    }
    const QColor colour = m_found ? theme.status(status).foreground : theme.text2;
    painter.drawPixmap(middle, 16, iconPixmap(m_found ? statusIcon(status) : QStringLiteral("warning"), 16, ratio, colour));
    paintText(painter, QRect(middle + 22, 0, width() - middle - 230, height()), m_found ? text : tr("File not found"), secondaryFont(),
              colour);
    paintText(painter, QRect(width() - 200, 0, 160, height()), dateText(m_pair.when), secondaryFont(), theme.text2,
              Qt::AlignRight | Qt::AlignVCenter);
    if (hasFocus())
        paintFocusRing(painter, rect(), theme.accent);
}

void RecentRow::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace rekey::ui
