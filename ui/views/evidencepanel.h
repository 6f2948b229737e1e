// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QStackedWidget;
class QTextBrowser;

namespace rekey::ui {

/// Why the selected rule is believed, in words.
class EvidencePanel : public QWidget
{
    Q_OBJECT
public:
    EvidencePanel(Session &session, QWidget *parent = nullptr);

protected:
    void changeEvent(QEvent *event) override;

private:
    void follow();
    Session &m_session;
    QTextBrowser *m_text;
    QStackedWidget *m_stack;
};

} // namespace rekey::ui
