// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rekey::ui {

class AgreementPanel;
class BehaviourPanel;
class PromptModel;
class PromptPanel;
class SegmentRun;
class StatisticsTable;

/// At the right of the Segment room: prompts, how well the two models agree, what they compute differently, timings.
class SegmentSide : public QWidget
{
    Q_OBJECT
public:
    SegmentSide(SegmentRun &run, PromptModel &prompts, QWidget *parent = nullptr);

    PromptPanel &prompts() const { return *m_prompts; }
    BehaviourPanel &behaviour() const { return *m_behaviour; }
    void follow();

private:
    void updateAgreement();
    void updateTimings();
    QString agreementWhy() const;

    SegmentRun &m_run;
    PromptPanel *m_prompts;
    AgreementPanel *m_agreement;
    BehaviourPanel *m_behaviour;
    StatisticsTable *m_timings;
};

} // namespace rekey::ui
