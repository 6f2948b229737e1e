// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <QWidget>

class QLabel;

namespace rekey::ui {

class PageButton;

/// Who the two histograms are, with their marks in the plot: the legend. For an open question, which answer is shown.
class TensorCard : public QWidget
{
    Q_OBJECT
public:
    explicit TensorCard(QWidget *parent = nullptr);

    /// Either may be null, not both.
    void setTensors(const TensorEntry *source, const TensorEntry *target);
    void setCandidate(int shown, int of); ///< shown from 0; of 0 or 1: no question

Q_SIGNALS:
    void otherCandidateAsked();

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Row
    {
        QWidget *widget;
        QLabel *mark, *name, *facts;
    };
    Row addRow(const QString &side);
    static void fill(const Row &row, const TensorEntry *tensor, std::size_t prefix);
    void applyTheme();

    QLabel *m_title;
    Row m_source, m_target;
    QWidget *m_review;
    QLabel *m_reviewIcon, *m_reviewText;
    PageButton *m_other;
};

} // namespace rekey::ui
