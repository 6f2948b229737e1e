// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/segmentrun.h"
#include "ui/segment/segmenttoolbar.h"
#include "ui/theme/theme.h"

#include <QString>

namespace rekey::ui {

class CanvasCard;

/// What a message over a canvas offers to do.
enum class CardAction : quint8 { None, OpenImage, GoToMap, Run };

/// What the head of a canvas and the message over it say about its model.
struct CardView
{
    QString title, detail, trailing;
    QColor ink; ///< of the side; invalid: plain
    bool outOfDate = false;
    Status messageStatus = Status::None;
    QString messageIcon, message, actionText; ///< no message: empty
    CardAction action = CardAction::None;
};

/// `name`: of the file, "sam_tiny.pth"; `rules`: how many fill the converted model; `mayGoToMap`: open keys can be
/// settled there.
CardView cardView(const SegmentRun &run, Which which, CanvasMode mode, const QString &name, std::size_t rules, bool mayGoToMap,
                  const Theme &theme);
void showCard(const CardView &view, CanvasCard &card);

} // namespace rekey::ui
