// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QPalette>
#include <QString>

namespace rekey::ui {

enum class Status : quint8 {
    Proven, Suggested, Accepted, ToReview, Filled, Initialised, Missing, Mismatched, Conflicting, Unused, Dropped, Shadowed, None
};

struct StatusColours { QColor foreground, tint; };

/// The colours of ui.md, derived from a palette; shared by delegates and plots. Rebuilt on QEvent::PaletteChange.
struct Theme
{
    bool dark = false;
    QColor window, base, alt, raised, line, line2, text, text2, text3, accent, onAccent, sel, hover, src, tgt, grid;
    QColor srcFill, tgtFill; ///< series at 20 % (light) or 25 % (dark)

    StatusColours status(Status status) const;
    static Theme of(const QPalette &palette); ///< remembers the last one

private:
    static Theme derive(const QPalette &palette);
};

/// `amount` of `over` on `under`.
QColor mix(const QColor &under, const QColor &over, qreal amount);

/// The two palettes of the mocks; `Native` leaves Qt's own.
enum class ColourScheme : quint8 { System, Light, Dark };
void applyColourScheme(ColourScheme scheme);
/// Style and font of the application, once, before the first widget and before applyColourScheme().
void prepareApplication();

/// Icon `name` of resources/icons drawn in the palette colour of its state; disabled ones in text3.
QIcon icon(const QString &name);
/// The same in a fixed colour.
QIcon icon(const QString &name, const QColor &colour);
/// For delegates; `size` in device-independent pixels. Cached by (name, size, ratio, colour).
QPixmap iconPixmap(const QString &name, int size, qreal devicePixelRatio, const QColor &colour);

QString statusIcon(Status status); ///< icon name
QString statusWord(Status status); ///< translated, sentence case

/// Type roles of ui.md, relative to the application font.
QFont secondaryFont();
QFont smallFont();
QFont figureFont();
QFont titleFont();
QFont headerFont(); ///< 12 px 600
QFont fixedFont();  ///< 12 px, keys in rules

} // namespace rekey::ui
