// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/theme/theme.h"

#include <QLabel>
#include <QToolButton>
#include <QWidget>

#include <map>

namespace rekey::ui {

/// A count in the status strip: icon, word, number; a click filters to that status.
class StatusCount : public QToolButton
{
    Q_OBJECT
public:
    explicit StatusCount(Status status, QWidget *parent = nullptr);
    void setCount(const QString &count);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    Status m_status;
    QString m_count;
};

/// The status strip of the Map room: how far the target is filled, in a bar and in counts.
class MapStatus : public QWidget
{
    Q_OBJECT
public:
    explicit MapStatus(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    void statusAsked(rekey::ui::Status status);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void follow();
    void fit();
    class Bar;
    Session &m_session;
    Bar *m_bar;
    QLabel *m_failureIcon, *m_failure, *m_plain, *m_suggestion, *m_safety, *m_safetyIcon, *m_threads;
    std::map<Status, StatusCount *> m_counts;
};

} // namespace rekey::ui
