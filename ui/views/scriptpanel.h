// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPlainTextEdit;

namespace rekey::ui {

class PageButton;

/// The exported script as it will be, always current. Written off the GUI thread, and only while it is in sight.
class ScriptPanel : public QWidget
{
    Q_OBJECT
public:
    ScriptPanel(Session &session, QWidget *parent = nullptr);
    QString text() const;

Q_SIGNALS:
    void saveAsked(const QString &exporterId);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void follow();
    Session &m_session;
    QComboBox *m_exporter;
    QPlainTextEdit *m_text;
    QLabel *m_lines;
    PageButton *m_copy, *m_save;
    bool m_outOfDate = true;
};

} // namespace rekey::ui
