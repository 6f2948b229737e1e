// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QFont>
#include <QRect>
#include <QString>

class QPainter;

namespace rekey::ui {

// Small things that delegates and panels draw alike, after ui.md section 2.

/// One line, elided in the middle when it is too wide. Leaves pen and font changed.
void paintText(QPainter &painter, const QRect &rect, const QString &text, const QFont &font, const QColor &colour,
               Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter);

/// "F5" in a rounded frame, 16 high, centred vertically at the left of `rect`.
void paintKeyCap(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme);
int keyCapWidth(const QString &text);

/// What a card stands on: the base colour with 8-px corners and a hairline.
void paintCard(QPainter &painter, const QRect &rect, const Theme &theme);

/// A status chip, 20 high, right-aligned in `rect`; returns the space that it took.
int paintChip(QPainter &painter, const QRect &rect, const QString &iconName, const QString &text, const StatusColours &colours);
int chipWidth(const QString &iconName, const QString &text);

/// A "×6" tag, 16 high, radius 4, at the left of `rect`; returns its width.
int paintTag(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme);

int tagWidth(const QString &text);

/// A count on a soft pill, 16 high, at the left of `rect`; returns its width.
int paintBadge(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme);
int badgeWidth(const QString &text);

/// One device pixel high, along the bottom of `rect`.
void paintLineBelow(QPainter &painter, const QRect &rect, const QColor &colour);

/// 2 px, inside.
void paintFocusRing(QPainter &painter, const QRect &rect, const QColor &colour);

/// A font with tabular figures where it has them (Inter, Noto Sans …), so that columns of numbers line up.
QFont tabular(QFont font);

} // namespace rekey::ui
