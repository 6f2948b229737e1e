// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/histogramreading.h"

#include <QWidget>

class QLabel;
class QStackedWidget;

namespace rekey::ui {

class HistogramPlot;
class SegmentedSwitch;
class StatisticsTable;
class TensorCard;

/// Values of the selected tensor, source over target: who they are at the left, their histogram, their statistics at
/// the right. Follows the session's selection.
class HistogramDock : public QWidget
{
    Q_OBJECT
public:
    explicit HistogramDock(Session &session, QWidget *parent = nullptr);

    HistogramPlot &plot() const { return *m_plot; }
    /// Of a rule to review: which answer is shown, from 0.
    void showCandidate(int index);

Q_SIGNALS:
    void candidateShown(int index);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void follow();
    void start();
    void showReading(const HistogramReading &reading);
    void showNothing(const QString &title, const QString &text);
    void updateCard(const HistogramReading &reading);
    void updateTable(const HistogramReading &reading);
    QWidget *makeSide();
    void applyTheme();

    Session &m_session;
    std::uint32_t m_source = none, m_target = none, m_rule = none;
    int m_candidate = 0, m_candidates = 0;

    QStackedWidget *m_stack;
    QLabel *m_emptyTitle, *m_emptyText;
    QLabel *m_binsText;
    TensorCard *m_card;
    HistogramPlot *m_plot;
    StatisticsTable *m_table;
    SegmentedSwitch *m_scale;
};

} // namespace rekey::ui
