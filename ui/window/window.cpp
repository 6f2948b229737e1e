// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/window.h"

#include "ui/theme/theme.h"
#include "ui/window/settings.h"

#include <QApplication>

int rekeyWindow(int argc, char **argv)
{
    QApplication application(argc, argv);
    rekey::ui::prepareApplication();
    rekey::ui::Settings settings;
    rekey::ui::applyColourScheme(settings.colourScheme());
    return 0;
}
