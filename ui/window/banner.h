// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QWidget>

#include <functional>

class QHBoxLayout;
class QLabel;

namespace rekey::ui {

class PageButton;

/// An in-page message in a status's colours, with at most one action. Hidden until it is shown.
class Banner : public QWidget
{
    Q_OBJECT
public:
    explicit Banner(QWidget *parent = nullptr);

    void showMessage(Status status, const QString &iconName, const QString &text, const QString &action = {});
    /// The same with something to do about it.
    void offer(Status status, const QString &iconName, const QString &text, const QString &action, std::function<void()> act);
    QString text() const;
    Status status() const { return m_status; }
    /// With a cross that hides it.
    void setClosable(bool closable);
    /// From one edge of the window to the other: no corners.
    void setEdgeToEdge(bool on);

Q_SIGNALS:
    void actionClicked();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void applyTheme();
    std::function<void()> m_act;
    Status m_status = Status::None;
    bool m_edgeToEdge = false;
    QString m_iconName;
    QLabel *m_icon, *m_text;
    PageButton *m_action, *m_close;
};

} // namespace rekey::ui
