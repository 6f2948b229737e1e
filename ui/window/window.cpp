// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/window.h"

#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/theme/theme.h"
#include "ui/window/mainwindow.h"
#include "ui/window/settings.h"

#include <QApplication>

int rekeyWindow(int argc, char **argv)
{
    using namespace rekey::ui;
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("rekey"));
    QApplication::setApplicationDisplayName({});
    QApplication::setApplicationVersion(QStringLiteral(REKEY_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("rekey"));
    prepareApplication();
    Settings settings;
    applyColourScheme(settings.colourScheme());
    Jobs jobs;
    Session session(jobs, settings);
    MainWindow window(session);
    window.show();
    QStringList paths = application.arguments().mid(1);
    if (paths.removeAll(QStringLiteral("--demo")) > 0)
        session.openDemo();
    else
        window.openPaths(paths);
    return QApplication::exec();
}
