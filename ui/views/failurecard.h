// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QFrame>

class QGridLayout;
class QLabel;

namespace rekey::ui {

class PageButton;

/// A file that cannot be read: what is wrong and where, what was not done, what its headers still say, and what to do next.
class FailureCard : public QFrame
{
    Q_OBJECT
public:
    explicit FailureCard(QWidget *parent = nullptr);
    void setFailure(const OpenFailure &failure);
    PageButton *keysOnlyButton() const { return m_keysOnly; }

Q_SIGNALS:
    void chooseAsked();
    void keysOnlyAsked();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void addFact(const QString &name, const QString &value, bool fixed);
    void restyle();
    QString m_report;
    QLabel *m_title, *m_file, *m_reason, *m_safeIcon;
    QGridLayout *m_facts;
    PageButton *m_choose, *m_keysOnly, *m_copy;
};

} // namespace rekey::ui
