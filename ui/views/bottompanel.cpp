// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/bottompanel.h"

#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QBoxLayout>
#include <QPainter>

namespace rekey::ui {

namespace {
constexpr int tabsHeight = 32;
constexpr int padding = 12;
}

PanelTabs::PanelTabs(QWidget *parent)
    : ChoiceWidget(parent)
{
    setFixedHeight(tabsHeight);
    setFocusPolicy(Qt::TabFocus);
    setAccessibleName(tr("Panels"));
}

void PanelTabs::addTab(const QString &iconName, const QString &title)
{
    m_tabs.append({iconName, title, {}});
    update();
}

void PanelTabs::setBadge(int index, const QString &text)
{
    m_tabs[index].badge = text;
    update();
}

void PanelTabs::setCurrent(int index)
{
    m_current = std::clamp(index, 0, static_cast<int>(m_tabs.size()) - 1);
    setAccessibleDescription(m_tabs[m_current].title);
    update();
}

int PanelTabs::tabWidth(const Tab &tab) const
{
    return padding + 16 + 8 + QFontMetrics(headerFont()).horizontalAdvance(tab.title)
           + (tab.badge.isEmpty() ? 0 : 6 + badgeWidth(tab.badge)) + padding;
}

QRect PanelTabs::tabRect(int index) const
{
    int x = 8;
    for (int i = 0; i < index; ++i)
        x += tabWidth(m_tabs[i]);
    return {x, 0, tabWidth(m_tabs[index]), height()};
}

void PanelTabs::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), theme.window);
    const qreal hairline = 1.0 / devicePixelRatioF();
    painter.fillRect(QRectF(0, 0, width(), hairline), theme.line);
    paintLineBelow(painter, rect(), theme.line);
    for (int i = 0; i < m_tabs.size(); ++i) {
        const QRect tab = tabRect(i);
        const bool current = i == m_current;
        const QColor ink = current || i == hoveredChoice() ? theme.text : theme.text2;
        painter.drawPixmap(tab.x() + padding, 8, iconPixmap(m_tabs[i].iconName, 16, devicePixelRatioF(), ink));
        const int textX = tab.x() + padding + 24;
        const QFont font = current ? headerFont() : secondaryFont();
        paintText(painter, QRect(textX, 0, tab.right() - textX, height()), m_tabs[i].title, font, ink);
        if (!m_tabs[i].badge.isEmpty())
            paintBadge(painter, QRect(textX + QFontMetrics(font).horizontalAdvance(m_tabs[i].title) + 6, 0, 60, height()), m_tabs[i].badge,
                       theme);
        if (current)
            painter.fillRect(QRect(tab.x() + 4, height() - 2, tab.width() - 8, 2), theme.accent);
        if (current && hasFocus())
            paintFocusRing(painter, tab.adjusted(0, 1, 0, -1), theme.accent);
    }
}

BottomPanel::BottomPanel(QWidget *parent)
    : QWidget(parent)
    , m_tabs(new PanelTabs)
    , m_stack(new QStackedWidget)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_tabs);
    column->addWidget(m_stack, 1);
    m_stack->setAutoFillBackground(true);
    m_stack->setBackgroundRole(QPalette::Base);
    setMinimumHeight(tabsHeight + 80);
    connect(m_tabs, &PanelTabs::chosen, this, [this](int index) {
        if (index == m_tabs->current() && !isFolded())
            setFolded(true);
        else
            showPanel(index);
    });
}

int BottomPanel::addPanel(const QString &iconName, const QString &title, QWidget *panel)
{
    m_tabs->addTab(iconName, title);
    return m_stack->addWidget(panel);
}

void BottomPanel::showPanel(int index)
{
    m_tabs->setCurrent(index);
    m_stack->setCurrentIndex(index);
    setFolded(false);
    Q_EMIT panelShown(index);
}

void BottomPanel::setFolded(bool folded)
{
    if (folded == isFolded())
        return;
    m_stack->setVisible(!folded);
    setMinimumHeight(folded ? tabsHeight : tabsHeight + 80);
    setMaximumHeight(folded ? tabsHeight : QWIDGETSIZE_MAX);
    Q_EMIT foldedChanged(folded);
}

} // namespace rekey::ui
