// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rekey::ui {

class AgreementPanel;
class BehaviourPanel;
class ComputePanel;
class EverythingPanel;
class EverythingRun;
class Jobs;
class PromptModel;
class PromptPanel;
class SegmentRun;
class SegmentedSwitch;
class StatisticsTable;

/// What is asked of the models.
enum class SegmentTaskKind : quint8 { Prompts, Everything };

/// At the right of the Segment room: what is asked (prompts or everything), how well the two models agree, what they
/// compute differently and on what, timings.
class SegmentSide : public QWidget
{
    Q_OBJECT
public:
    SegmentSide(Jobs &jobs, SegmentRun &run, EverythingRun &everything, PromptModel &prompts, QWidget *parent = nullptr);

    PromptPanel &prompts() const { return *m_prompts; }
    BehaviourPanel &behaviour() const { return *m_behaviour; }
    EverythingPanel &everything() const { return *m_everything; }
    ComputePanel &compute() const { return *m_compute; }
    void follow();
    SegmentTaskKind kind() const;
    void setKind(SegmentTaskKind kind);

Q_SIGNALS:
    void kindChosen(rekey::ui::SegmentTaskKind kind);

private:
    void showKind();
    void updateAgreement();
    void updateTimings();
    QString agreementWhy() const;

    SegmentRun &m_run;
    PromptPanel *m_prompts;
    EverythingPanel *m_everything;
    AgreementPanel *m_agreement;
    BehaviourPanel *m_behaviour;
    ComputePanel *m_compute;
    SegmentedSwitch *m_kind;
    QWidget *m_timingsPart;
    StatisticsTable *m_timings;
};

} // namespace rekey::ui
