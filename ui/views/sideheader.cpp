// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/sideheader.h"

#include "ui/theme/theme.h"
#include "ui/window/panelheader.h"

#include <QCoreApplication>
#include <QFrame>

namespace rekey::ui {

PanelHeader *sideHeader(Side side)
{
    return side == Side::Source ? new PanelHeader(QCoreApplication::translate("SideHeader", "Source"), QStringLiteral("source"))
                                : new PanelHeader(QCoreApplication::translate("SideHeader", "Target"), QStringLiteral("target"));
}

void colourSideHeader(PanelHeader &header, Side side, const QPalette &palette)
{
    const Theme theme = Theme::of(palette);
    header.setInk(side == Side::Source ? theme.src : theme.tgt);
}

QWidget *sideDivider()
{
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    return line;
}

} // namespace rekey::ui
