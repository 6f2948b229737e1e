// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inspect/statistics.h"
#include "ui/document/session.h"

#include <QWidget>

#include <optional>
#include <string>

class QLabel;
class QStackedWidget;

namespace rekey::ui {

class HistogramPlot;
class PageButton;
class SegmentedSwitch;
class StatisticsTable;

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
    struct Reading;
    static Reading read(const CheckpointPtr &source, const CheckpointPtr &target, std::uint32_t sourceTensor, std::uint32_t targetTensor,
                        const std::optional<Rule> &candidate, const Progress &progress);
    void follow();
    void start();
    void showReading(const Reading &reading);
    void showNothing(const QString &title, const QString &text);
    void updateCard(const Reading &reading);
    void updateTable(const Reading &reading);
    QWidget *makeCard();
    QWidget *makeSide();
    void applyTheme();

    Session &m_session;
    std::uint32_t m_source = none, m_target = none, m_rule = none;
    int m_candidate = 0, m_candidates = 0;

    QStackedWidget *m_stack;
    QLabel *m_emptyTitle, *m_emptyText;
    QLabel *m_title, *m_sourceName, *m_sourceFacts, *m_targetName, *m_targetFacts, *m_sourceMark, *m_targetMark;
    QLabel *m_reviewIcon, *m_reviewText, *m_binsText;
    QWidget *m_sourceRow, *m_targetRow, *m_reviewRow;
    PageButton *m_otherCandidate;
    HistogramPlot *m_plot;
    StatisticsTable *m_table;
    SegmentedSwitch *m_scale;
};

} // namespace rekey::ui
