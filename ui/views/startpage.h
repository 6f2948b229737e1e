// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/window/settings.h"

#include <QWidget>

class QVBoxLayout;

namespace rekey::ui {

class DropFrame;
class PageButton;

/// Two drop areas, the demo and the pairs of last time.
class StartPage : public QWidget
{
    Q_OBJECT
public:
    StartPage(Session &session, QWidget *parent = nullptr);
    PageButton *demoButton() const { return m_demo; }

Q_SIGNALS:
    void openAsked(rekey::ui::Side side);
    void architectureAsked();
    void demoAsked();
    void pairAsked(const rekey::ui::RecentPair &pair);

protected:
    void changeEvent(QEvent *event) override;

private:
    QWidget *makeTitle();
    QWidget *makeDropAreas();
    QWidget *makeDemoCard();
    QWidget *makeRecent();
    void listRecent();
    void restyle();

    Session &m_session;
    DropFrame *m_source, *m_target;
    PageButton *m_demo;
    QWidget *m_recent;
    QVBoxLayout *m_recentRows;
    QList<QWidget *> m_quiet; ///< labels in text2
};

} // namespace rekey::ui
