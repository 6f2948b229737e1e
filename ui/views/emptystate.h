// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QHBoxLayout;
class QLabel;

namespace rekey::ui {

class PageButton;

/// What will be here, and the one next action: icon, title, sentence, buttons; in the middle of a panel.
class EmptyState : public QWidget
{
    Q_OBJECT
public:
    explicit EmptyState(const QString &iconName, QWidget *parent = nullptr);

    void setText(const QString &title, const QString &text);
    /// Text with one link; linkActivated() says it was followed.
    void addButton(PageButton *button);

Q_SIGNALS:
    void linkActivated();

protected:
    void changeEvent(QEvent *event) override;

private:
    void restyle();
    void fitText();
    QString m_iconName;
    QLabel *m_icon, *m_title, *m_text;
    QHBoxLayout *m_buttons;
};

} // namespace rekey::ui
