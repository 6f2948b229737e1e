// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

class QPalette;
class QWidget;

namespace rekey::ui {

class PanelHeader;

// The two halves of a panel that shows both sides: source left, target right.

/// "Source" or "Target" with its icon; the detail is the file's name.
PanelHeader *sideHeader(Side side);
/// In the side's colour, after the palette changed too.
void colourSideHeader(PanelHeader &header, Side side, const QPalette &palette);
/// Puts the halves into the panel, a hairline between them.
void layOutSides(QWidget &panel, QWidget *source, QWidget *target);

} // namespace rekey::ui
