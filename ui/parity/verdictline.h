// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityverdict.h"

#include <QWidget>

class QHBoxLayout;
class QLabel;

namespace rekey::ui {

class PageButton;

/// Across the top of the Parity room: the verdict in plain words, where the two part, and a way to the rules.
class VerdictLine : public QWidget
{
    Q_OBJECT
public:
    explicit VerdictLine(QWidget *parent = nullptr);

    void setHeadline(const ParityHeadline &headline, bool outOfDate);
    QString text() const; ///< verdict and sentence

Q_SIGNALS:
    void rulesAsked();
    void referenceAsked(); ///< a checkpoint with the right weights

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void applyTheme();
    ParityHeadline m_headline;
    QLabel *m_icon, *m_text;
    PageButton *m_action;
    bool m_outOfDate = false;
};

} // namespace rekey::ui
