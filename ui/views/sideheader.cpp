// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/sideheader.h"

#include "ui/theme/theme.h"
#include "ui/window/panelheader.h"

#include <QBoxLayout>
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

void layOutSides(QWidget &panel, QWidget *source, QWidget *target)
{
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    auto *row = new QHBoxLayout(&panel);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(source, 1);
    row->addWidget(line);
    row->addWidget(target, 1);
}

} // namespace rekey::ui
