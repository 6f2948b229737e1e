// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/notice.h"

#include <QDesktopServices>
#include <QEvent>
#include <QFileInfo>
#include <QLayout>
#include <QTimer>
#include <QUrl>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int shownMilliseconds = 6000;
constexpr int widest = 640, edge = 12;

} // namespace

Notice::Notice(QWidget *over)
    : Banner(over)
    , m_leave(new QTimer(this))
{
    setClosable(true);
    over->installEventFilter(this);
    m_leave->setSingleShot(true);
    m_leave->setInterval(shownMilliseconds);
    connect(m_leave, &QTimer::timeout, this, &QWidget::hide);
    connect(this, &Banner::actionClicked, this, [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(m_folder)); });
}

void Notice::say(const QString &text, bool problem)
{
    showMessage(problem ? Status::Missing : Status::Proven, problem ? QStringLiteral("error") : QStringLiteral("check"), text);
    place();
    if (problem)
        m_leave->stop();
    else
        m_leave->start();
}

void Notice::saved(const QString &file)
{
    m_folder = QFileInfo(file).absolutePath();
    showMessage(Status::Proven, QStringLiteral("check"), tr("Saved %1").arg(QFileInfo(file).fileName()), tr("Show folder"));
    place();
    m_leave->start();
}

void Notice::place()
{
    const int room = parentWidget()->width() - 2 * edge;
    const int wide = std::min({room, widest, std::max(sizeHint().width(), 320)});
    const int high = layout()->hasHeightForWidth() ? layout()->heightForWidth(wide) : sizeHint().height();
    setGeometry((parentWidget()->width() - wide) / 2, edge, wide, high);
    raise();
}

bool Notice::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible())
        place();
    return Banner::eventFilter(watched, event);
}

void Notice::showEvent(QShowEvent *event)
{
    Banner::showEvent(event);
    place();
}

} // namespace rekey::ui
