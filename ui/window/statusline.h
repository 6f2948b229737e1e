// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QStringList>
#include <QWidget>

#include <optional>

namespace rekey::ui {

class PageButton;

/// A room's status strip, 28 high: a state with its icon, facts after it, facts at the right; while something runs, a
/// bar with Cancel in place of the state.
class StatusLine : public QWidget
{
    Q_OBJECT
public:
    explicit StatusLine(QWidget *parent = nullptr);

    void setState(const QString &iconName, const QString &text, Status status);
    void setFacts(const QStringList &left, const QStringList &right);
    /// "Encoding the picture"; nothing: idle.
    void setProgress(const std::optional<double> &fraction, const QString &text = {});

    QSize sizeHint() const override { return {400, 28}; }
    QSize minimumSizeHint() const override { return {100, 28}; }

Q_SIGNALS:
    void cancelClicked();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QString m_iconName, m_state, m_progressText;
    Status m_status = Status::None;
    QStringList m_left, m_right;
    std::optional<double> m_fraction;
    PageButton *m_cancel;
};

} // namespace rekey::ui
