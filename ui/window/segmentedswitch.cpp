// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/segmentedswitch.h"

#include "ui/window/paintkit.h"

#include <QHelpEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <utility>

namespace rekey::ui {

namespace {
constexpr int iconSize = 16;
constexpr int longestText = 200;
}

SegmentedSwitch::SegmentedSwitch(QList<Choice> choices, QWidget *parent)
    : ChoiceWidget(parent)
    , m_choices(std::move(choices))
    , m_enabled(m_choices.size(), true)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    describe();
}

void SegmentedSwitch::describe()
{
    setAccessibleDescription(m_current < m_choices.size() ? m_choices[m_current].text : QString());
}

void SegmentedSwitch::setCurrent(int index)
{
    if (index < 0 || index >= m_choices.size() || index == m_current || !m_enabled[index])
        return;
    m_current = index;
    describe();
    update();
    Q_EMIT currentChanged(index);
}

void SegmentedSwitch::setChoice(int index, const Choice &choice)
{
    m_choices[index] = choice;
    describe();
    updateGeometry();
    update();
}

void SegmentedSwitch::setChoiceEnabled(int index, bool enabled)
{
    m_enabled[index] = enabled;
    update();
}

void SegmentedSwitch::setSmall(bool isSmall)
{
    m_height = isSmall ? 24 : 28;
    updateGeometry();
}

void SegmentedSwitch::setFolded(bool folded)
{
    m_folded = folded;
    updateGeometry();
    update();
}

void SegmentedSwitch::setBadge(int index, const QString &text)
{
    if (m_choices[index].badge == text)
        return;
    m_choices[index].badge = text;
    updateGeometry();
    update();
}

QFont SegmentedSwitch::choiceFont(bool current) const
{
    QFont result = m_height < 28 ? secondaryFont() : font();
    if (current)
        result.setWeight(QFont::DemiBold);
    return result;
}

int SegmentedSwitch::choiceWidth(int index) const
{
    // As wide as its bold text, so that choosing moves nothing.
    const Choice &choice = m_choices[index];
    const bool iconOnly = m_folded && !choice.iconName.isEmpty();
    const int text = iconOnly ? 0 : qMin(QFontMetrics(choiceFont(true)).horizontalAdvance(choice.text), longestText);
    const int side = m_height < 28 ? 9 : 13;
    const int badge = choice.badge.isEmpty() ? 0 : badgeWidth(choice.badge) + 6;
    return 2 * side + text + badge + (choice.iconName.isEmpty() ? 0 : iconSize + (iconOnly ? 0 : 7));
}

QSize SegmentedSwitch::sizeHint() const
{
    int width = 0;
    for (int i = 0; i < m_choices.size(); ++i)
        width += choiceWidth(i);
    return {width, m_height};
}

QRect SegmentedSwitch::choiceRect(int index) const
{
    int x = 0;
    for (int i = 0; i < index; ++i)
        x += choiceWidth(i);
    return {x, 0, choiceWidth(index), height()};
}

void SegmentedSwitch::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme theme = Theme::of(palette());
    QPainterPath frame;
    frame.addRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    painter.fillPath(frame, theme.base);

    for (int i = 0; i < m_choices.size(); ++i) {
        const QRect cell = choiceRect(i);
        const bool current = i == m_current;
        painter.save();
        painter.setClipPath(frame);
        if (current)
            painter.fillRect(cell, theme.sel);
        else if (i == hoveredChoice() && m_enabled[i])
            painter.fillRect(cell, theme.hover);
        if (i > 0)
            painter.fillRect(QRectF(cell.left(), 0, 1.0 / devicePixelRatioF(), height()), theme.line);
        painter.restore();

        const QColor ink = !m_enabled[i] || !isEnabled() ? theme.text3 : current ? theme.text : theme.text2;
        const QFont font = choiceFont(current);
        const bool hasIcon = !m_choices[i].iconName.isEmpty(), iconOnly = m_folded && hasIcon;
        const int textWidth = iconOnly ? 0 : qMin(QFontMetrics(font).horizontalAdvance(m_choices[i].text), longestText);
        const int badge = m_choices[i].badge.isEmpty() ? 0 : badgeWidth(m_choices[i].badge) + 6;
        int x = cell.left() + (cell.width() - textWidth - badge - (hasIcon ? iconSize + (iconOnly ? 0 : 7) : 0)) / 2;
        if (hasIcon) {
            painter.drawPixmap(QPoint(x, (height() - iconSize) / 2), iconPixmap(m_choices[i].iconName, iconSize, devicePixelRatioF(), ink));
            x += iconSize + 7;
        }
        if (!iconOnly)
            paintText(painter, QRect(x, 0, textWidth + 1, height()), m_choices[i].text, font, ink);
        if (badge > 0)
            paintBadge(painter, QRect(x + textWidth + 6, 0, badge, height()), m_choices[i].badge, theme);
    }
    painter.setPen(QPen(theme.line2, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(frame);
    if (hasFocus())
        paintFocusRing(painter, choiceRect(m_current), theme.accent);
}

void SegmentedSwitch::changeEvent(QEvent *event)
{
    updateGeometry();
    ChoiceWidget::changeEvent(event);
}

bool SegmentedSwitch::event(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const int index = choiceAt(help->pos());
        QString tip = index < 0 ? QString() : m_choices[index].toolTip;
        if (tip.isEmpty() && index >= 0 && m_folded)
            tip = m_choices[index].text;
        QToolTip::showText(help->globalPos(), tip, this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace rekey::ui
