// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/window/choicewidget.h"

#include <QList>
#include <QStackedWidget>

namespace rekey::ui {

/// The tabs of the bottom panel, 32 high, the current one underlined in the accent colour.
class PanelTabs : public ChoiceWidget
{
    Q_OBJECT
public:
    explicit PanelTabs(QWidget *parent = nullptr);

    void addTab(const QString &iconName, const QString &title);
    void setBadge(int index, const QString &text);
    void setCurrent(int index);
    int current() const { return m_current; }
    QRect tabRect(int index) const;
    QRect choiceRect(int index) const override { return tabRect(index); }
    QSize sizeHint() const override { return {200, 32}; }

Q_SIGNALS:
    void chosen(int index);

protected:
    void paintEvent(QPaintEvent *event) override;
    int choiceCount() const override { return static_cast<int>(m_tabs.size()); }
    int currentChoice() const override { return m_current; }
    void pick(int index) override { Q_EMIT chosen(index); }

private:
    struct Tab { QString iconName, title, badge; };
    int tabWidth(const Tab &tab) const;
    QList<Tab> m_tabs;
    int m_current = 0;
};

/// Histogram, problems, evidence … below the trees. Folds to its tabs.
class BottomPanel : public QWidget
{
    Q_OBJECT
public:
    explicit BottomPanel(QWidget *parent = nullptr);

    int addPanel(const QString &iconName, const QString &title, QWidget *panel);
    PanelTabs *tabs() const { return m_tabs; }
    void showPanel(int index); ///< unfolds
    int currentPanel() const { return m_tabs->current(); }
    bool isFolded() const { return m_stack->isHidden(); }
    void setFolded(bool folded);

Q_SIGNALS:
    void panelShown(int index);
    void foldedChanged(bool folded);

private:
    PanelTabs *m_tabs;
    QStackedWidget *m_stack;
};

} // namespace rekey::ui
