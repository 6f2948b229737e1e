// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/pagebutton.h"

#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QEvent>
#include <QKeyEvent>
#include <QPainter>

namespace rekey::ui {

namespace {

constexpr int padding = 12;
constexpr int gap = 8;
constexpr int glyphSize = 16;

} // namespace

PageButton::PageButton(Look look, const QString &label, const QString &iconName, QWidget *parent)
    : QAbstractButton(parent)
    , m_look(look)
    , m_iconName(iconName)
{
    setText(label);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    if (look == Look::Link)
        setCursor(Qt::PointingHandCursor);
}

void PageButton::setKeyCap(const QString &label)
{
    m_keyCap = label;
    updateGeometry();
    update();
}

void PageButton::setIconName(const QString &name)
{
    m_iconName = name;
    updateGeometry();
    update();
}

void PageButton::setSmall(bool isSmall)
{
    m_height = isSmall ? 24 : 28;
    updateGeometry();
}

void PageButton::setFolded(bool folded)
{
    m_folded = folded && !m_iconName.isEmpty();
    if (m_folded && toolTip().isEmpty())
        setToolTip(m_keyCap.isEmpty() ? text() : QStringLiteral("%1 (%2)").arg(text(), m_keyCap));
    updateGeometry();
    update();
}

QFont PageButton::textFont() const
{
    if (m_look == Look::Link)
        return secondaryFont();
    QFont result = font();
    if (m_look == Look::Primary)
        result.setWeight(QFont::DemiBold);
    return result;
}

int PageButton::contentWidth() const
{
    int width = 0;
    if (!m_iconName.isEmpty())
        width += glyphSize;
    if (m_folded)
        return width;
    if (!text().isEmpty())
        width += (width > 0 ? gap : 0) + QFontMetrics(textFont()).horizontalAdvance(text());
    if (!m_keyCap.isEmpty())
        width += gap + keyCapWidth(m_keyCap);
    return width;
}

QSize PageButton::sizeHint() const
{
    if (m_look == Look::Link)
        return {contentWidth() + 4, 24};
    if (m_folded || (text().isEmpty() && m_keyCap.isEmpty()))
        return {m_height, m_height};
    return {contentWidth() + 2 * padding, m_height};
}

void PageButton::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme theme = Theme::of(palette());
    const bool hovered = underMouse() && isEnabled();
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    QColor ink = isEnabled() ? theme.text : theme.text3;

    switch (m_look) {
    case Look::Outlined:
        painter.setPen(QPen(isEnabled() ? theme.line2 : theme.line, 1));
        painter.setBrush(isDown() || isChecked() ? theme.sel : hovered ? theme.hover : theme.base);
        painter.drawRoundedRect(frame, 6, 6);
        break;
    case Look::Primary: {
        const QColor fill = isEnabled() ? theme.accent : theme.line;
        painter.setPen(Qt::NoPen);
        painter.setBrush(isDown() ? mix(fill, theme.text, 0.18) : hovered ? mix(fill, theme.text, 0.10) : fill);
        painter.drawRoundedRect(rect(), 6, 6);
        ink = isEnabled() ? theme.onAccent : theme.text3;
        break;
    }
    case Look::Flat:
        if (isChecked() || isDown() || hovered) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(isChecked() || isDown() ? theme.sel : mix(theme.window, theme.text, 0.07));
            painter.drawRoundedRect(rect(), 6, 6);
        }
        if (isChecked() && isEnabled())
            ink = theme.accent;
        else // the icon is all there is: what cannot be pressed has to look it
            ink = isEnabled() ? theme.text : mix(theme.window, theme.text3, 0.5);
        break;
    case Look::Link:
        ink = isEnabled() ? theme.accent : theme.text3;
        break;
    }

    int x = (width() - contentWidth()) / 2;
    if (!m_iconName.isEmpty()) {
        painter.drawPixmap(QPoint(x, (height() - glyphSize) / 2), iconPixmap(m_iconName, glyphSize, devicePixelRatioF(), ink));
        x += glyphSize + gap;
    }
    if (!text().isEmpty() && !m_folded) {
        QFont font = textFont();
        font.setUnderline(m_look == Look::Link && hovered);
        painter.setFont(font);
        painter.setPen(ink);
        const int textWidth = QFontMetrics(font).horizontalAdvance(text());
        painter.drawText(QRect(x, 0, textWidth + 2, height()), Qt::AlignVCenter | Qt::AlignLeft | Qt::TextShowMnemonic, text());
        x += textWidth + gap;
    }
    if (!m_keyCap.isEmpty() && !m_folded) {
        if (m_look == Look::Primary)
            paintText(painter, QRect(x, 0, keyCapWidth(m_keyCap), height()), m_keyCap, smallFont(), mix(theme.accent, ink, 0.85),
                      Qt::AlignCenter);
        else
            paintKeyCap(painter, QRect(x, 0, keyCapWidth(m_keyCap), height()), m_keyCap, theme);
    }
    if (hasFocus() && isEnabled())
        paintFocusRing(painter, rect(), m_look == Look::Primary ? theme.onAccent : theme.accent);
}

void PageButton::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange || event->type() == QEvent::EnabledChange) {
        updateGeometry();
        update();
    }
    QAbstractButton::changeEvent(event);
}

void PageButton::enterEvent(QEnterEvent *event)
{
    update();
    QAbstractButton::enterEvent(event);
}

void PageButton::keyPressEvent(QKeyEvent *event)
{
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && event->modifiers() == Qt::NoModifier)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

void PageButton::leaveEvent(QEvent *event)
{
    update();
    QAbstractButton::leaveEvent(event);
}

} // namespace rekey::ui
