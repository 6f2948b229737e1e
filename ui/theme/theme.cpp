// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include "ui/theme/style.h"

#include <QApplication>
#include <QFontDatabase>
#include <QFontInfo>
#include <QStyleFactory>
#include <QStyleHints>
#include <QTranslator>

#include <array>
#include <cmath>

namespace rekey::ui {

namespace {

struct StatusRow
{
    const char *icon;
    const char *word;
    StatusColours light, dark;
};

StatusColours pair(QRgb foreground, QRgb tint)
{
    return {QColor(foreground), QColor(tint)};
}

const StatusRow &row(Status status)
{
    static const StatusColours blueLight = pair(0x0A5AA8, 0xE2EEFA), blueDark = pair(0x7DB7F5, 0x1A2E46);
    static const StatusColours greyLight = pair(0x565D69, 0xECEEF1), greyDark = pair(0xAEB5C0, 0x2A2E35);
    static const std::array<StatusRow, 13> rows = {{
        {"proven", QT_TRANSLATE_NOOP("Status", "Proven"), pair(0x00664A, 0xE0F2EB), pair(0x4FC79B, 0x16332A)},
        {"suggested", QT_TRANSLATE_NOOP("Status", "Suggested"), blueLight, blueDark},
        {"accepted", QT_TRANSLATE_NOOP("Status", "Accepted"), blueLight, blueDark},
        {"to-review", QT_TRANSLATE_NOOP("Status", "To review"), pair(0x8A4B00, 0xFBEED8), pair(0xF0B45B, 0x3A2C14)},
        {"filled", QT_TRANSLATE_NOOP("Status", "Filled"), blueLight, blueDark},
        {"initialised", QT_TRANSLATE_NOOP("Status", "Initialised"), pair(0x1F5F6B, 0xE0F0F3), pair(0x7CC5D1, 0x173237)},
        {"missing", QT_TRANSLATE_NOOP("Status", "Missing"), pair(0xA8321A, 0xFBE8E2), pair(0xF5927A, 0x42221B)},
        {"mismatched", QT_TRANSLATE_NOOP("Status", "Mismatched"), pair(0x9A1F5E, 0xF9E4EF), pair(0xF08ABD, 0x3F1D30)},
        {"conflicting", QT_TRANSLATE_NOOP("Status", "Conflicting"), pair(0x6B3FA0, 0xEFE8F8), pair(0xC3A1F2, 0x2F2344)},
        {"unused", QT_TRANSLATE_NOOP("Status", "Unused"), greyLight, greyDark},
        {"dropped", QT_TRANSLATE_NOOP("Status", "Dropped"), greyLight, greyDark},
        {"shadowed", QT_TRANSLATE_NOOP("Status", "Shadowed"), greyLight, greyDark},
        {"", "", greyLight, greyDark},
    }};
    return rows[static_cast<std::size_t>(status)];
}

/// Relative luminance and contrast of WCAG 2.1.
double luminance(const QColor &colour)
{
    const auto linear = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

double contrast(const QColor &a, const QColor &b)
{
    const double high = std::max(luminance(a), luminance(b)), low = std::min(luminance(a), luminance(b));
    return (high + 0.05) / (low + 0.05);
}

/// `colour`, taken towards `anchor` until it reads on `surface`.
QColor readable(QColor colour, const QColor &surface, const QColor &anchor, double ratio)
{
    for (int i = 0; i < 10 && contrast(colour, surface) < ratio; ++i)
        colour = mix(colour, anchor, 0.2);
    return colour;
}

struct PaletteColours
{
    QRgb window, base, alt, raised, line, line2, text, text3, accent, onAccent;
};

QPalette paletteOf(const PaletteColours &c)
{
    QPalette palette;
    const QColor window(c.window), base(c.base), text(c.text), text3(c.text3), line(c.line), line2(c.line2);
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::AlternateBase, QColor(c.alt));
    palette.setColor(QPalette::ToolTipBase, QColor(c.raised));
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::PlaceholderText, text3);
    palette.setColor(QPalette::Button, base);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, Qt::white);
    palette.setColor(QPalette::Highlight, QColor(c.accent));
    palette.setColor(QPalette::HighlightedText, QColor(c.onAccent));
    palette.setColor(QPalette::Link, QColor(c.accent));
    palette.setColor(QPalette::LinkVisited, QColor(c.accent));
    palette.setColor(QPalette::Light, mix(base, Qt::white, 0.1));
    palette.setColor(QPalette::Midlight, mix(window, line, 0.5));
    palette.setColor(QPalette::Mid, line);
    palette.setColor(QPalette::Dark, line2);
    palette.setColor(QPalette::Shadow, mix(window, Qt::black, 0.6));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, text3);
    palette.setColor(QPalette::Disabled, QPalette::Base, window);
    palette.setColor(QPalette::Disabled, QPalette::Button, window);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, line);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, text3);
    return palette;
}

QPalette lightPalette()
{
    return paletteOf({0xF2F3F5, 0xFFFFFF, 0xF8F9FA, 0xFFFFFF, 0xDCDFE4, 0x868D98, 0x1C2026, 0x5F6672, 0x1F62C7, 0xFFFFFF});
}

QPalette darkPalette()
{
    return paletteOf({0x1F2227, 0x17191D, 0x1C1F24, 0x262A30, 0x343941, 0x7D8591, 0xE4E7EB, 0x9AA2AE, 0x6AA3FF, 0x0B1526});
}

QFont sized(double pixels, QFont::Weight weight)
{
    QFont font = QApplication::font();
    // Relative to the application font, whose body size the mocks draw at 13 px; never below 11 px.
    const double body = QFontInfo(font).pixelSize();
    font.setPixelSize(std::max(11, static_cast<int>(std::lround(body * pixels / 13.0))));
    font.setWeight(weight);
    return font;
}

} // namespace

QColor mix(const QColor &under, const QColor &over, qreal amount)
{
    const auto channel = [amount](float u, float o) { return static_cast<float>(u + (o - u) * amount); };
    return QColor::fromRgbF(channel(under.redF(), over.redF()), channel(under.greenF(), over.greenF()),
                            channel(under.blueF(), over.blueF()));
}

Theme Theme::of(const QPalette &palette)
{
    // Delegates ask once a row, on the GUI thread.
    static thread_local qint64 lastKey = -1;
    static thread_local Theme last;
    if (palette.cacheKey() != lastKey) {
        last = derive(palette);
        lastKey = palette.cacheKey();
    }
    return last;
}

Theme Theme::derive(const QPalette &palette)
{
    Theme theme;
    const auto colour = [&palette](QPalette::ColorRole role) { return palette.color(QPalette::Active, role); };
    theme.window = colour(QPalette::Window);
    theme.base = colour(QPalette::Base);
    theme.alt = colour(QPalette::AlternateBase);
    theme.raised = colour(QPalette::ToolTipBase);
    theme.text = colour(QPalette::Text);
    theme.dark = luminance(theme.base) < 0.18; // lightness 0.5
    theme.accent = readable(colour(QPalette::Highlight), theme.base, theme.text, 4.5);
    theme.onAccent = colour(QPalette::HighlightedText);
    const QColor mid = colour(QPalette::Mid);
    const double hairline = contrast(mid, theme.base);
    theme.line = hairline > 1.15 && hairline < 1.8 ? mid : mix(theme.base, theme.text, 0.15);
    theme.line2 = readable(colour(QPalette::Dark), theme.base, theme.text, 3.0);
    theme.text2 = mix(theme.text, theme.base, 0.25);
    theme.text3 = readable(colour(QPalette::PlaceholderText), theme.window, theme.text, 4.5);
    theme.sel = mix(theme.base, colour(QPalette::Highlight), theme.dark ? 0.3 : 0.16);
    theme.hover = mix(theme.base, theme.text, 0.05);
    theme.src = QColor(theme.dark ? 0x5AAEF2 : 0x0A6EBD);
    theme.tgt = QColor(theme.dark ? 0xF0A04B : 0xAD4F00);
    theme.grid = mix(theme.base, theme.text, 0.1);
    theme.srcFill = mix(theme.base, theme.src, theme.dark ? 0.25 : 0.2);
    theme.tgtFill = mix(theme.base, theme.tgt, theme.dark ? 0.25 : 0.2);
    return theme;
}

StatusColours Theme::status(Status status) const
{
    return dark ? row(status).dark : row(status).light;
}

QString statusIcon(Status status)
{
    return QString::fromLatin1(row(status).icon);
}

QString statusWord(Status status)
{
    return QCoreApplication::translate("Status", row(status).word);
}

void applyColourScheme(ColourScheme scheme)
{
    // What the platform wished before we set anything of our own.
    static const QPalette platform = QApplication::palette();
    const bool platformDark = luminance(platform.color(QPalette::Window)) < 0.18;
    const bool dark = scheme == ColourScheme::Dark || (scheme == ColourScheme::System && platformDark);
    QApplication::setPalette(dark ? darkPalette() : lightPalette());
}

void prepareApplication()
{
    QApplication::setStyle(new Style);
    // The texts are English already; this brings their plural forms.
    auto *plurals = new QTranslator(qApp);
    if (plurals->load(QStringLiteral(":/translations/rekey_en.qm")))
        QApplication::installTranslator(plurals);
    QFont font = QApplication::font();
    if (QFontDatabase::families().contains(QStringLiteral("Inter"))) {
        font.setFamily(QStringLiteral("Inter"));
        font.setPixelSize(13);
    } else if (QFontInfo(font).pixelSize() < 12) {
        font.setPixelSize(13);
    }
    QApplication::setFont(font);
}

QFont secondaryFont() { return sized(12, QFont::Normal); }
QFont smallFont() { return sized(11, QFont::Normal); }
QFont figureFont() { return sized(20, QFont::DemiBold); }
QFont titleFont() { return sized(24, QFont::DemiBold); }
QFont headerFont() { return sized(12, QFont::DemiBold); }

QFont fixedFont()
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPixelSize(secondaryFont().pixelSize());
    return font;
}

} // namespace rekey::ui
