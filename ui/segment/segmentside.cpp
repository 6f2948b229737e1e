// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentside.h"

#include "ui/inspect/statisticstable.h"
#include "ui/segment/agreementpanel.h"
#include "ui/segment/behaviourpanel.h"
#include "ui/segment/promptpanel.h"
#include "ui/segment/segmentrun.h"
#include "ui/theme/displaytext.h"
#include "ui/window/panelheader.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QScrollArea>

namespace rekey::ui {

namespace {

constexpr int sideWidth = 328;

} // namespace

SegmentSide::SegmentSide(SegmentRun &run, PromptModel &prompts, QWidget *parent)
    : QWidget(parent)
    , m_run(run)
    , m_prompts(new PromptPanel(prompts))
    , m_agreement(new AgreementPanel)
    , m_behaviour(new BehaviourPanel)
    , m_timings(new StatisticsTable({{tr("Original"), ColumnInk::Source, ColumnInk::Text}, {tr("Converted"), ColumnInk::Target, ColumnInk::Text}}))
{
    auto *content = new QWidget;
    content->setAutoFillBackground(true);
    content->setBackgroundRole(QPalette::Base);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto *timings = new QWidget;
    auto *timingsLayout = new QVBoxLayout(timings);
    timingsLayout->setContentsMargins(12, 8, 12, 8);
    m_timings->setRowHeight(24);
    m_timings->setAccessibleName(tr("Timings"));
    timingsLayout->addWidget(m_timings);
    column->addWidget(m_prompts);
    column->addWidget(m_agreement);
    column->addWidget(m_behaviour);
    column->addWidget(new PanelHeader(tr("Timings")));
    column->addWidget(timings);
    column->addStretch(1);

    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setFixedWidth(sideWidth + 1);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    row->addWidget(line);
    row->addWidget(scroll);
}

void SegmentSide::follow()
{
    updateAgreement();
    updateTimings();
    m_behaviour->setBehaviour(m_run.model(Which::Original).behaviour, m_run.model(Which::Converted).behaviour,
                              m_run.behaviourOverrides(Which::Converted));
}

QString SegmentSide::agreementWhy() const
{
    if (m_run.prompts() == Prompts{})
        return tr("Click the picture or drag a box to compare the two models.");
    if (m_run.model(Which::Converted).stage == ModelRun::Stage::Blocked)
        return tr("Shown when the converted model has run.");
    if (m_run.isRunning())
        return tr("The models are running.");
    return tr("Shown when both models have run.");
}

void SegmentSide::updateAgreement()
{
    const Agreement *agreement = m_run.agreement(m_run.chosen());
    m_agreement->setAgreement(agreement != nullptr ? std::optional(*agreement) : std::nullopt, agreementWhy());
}

void SegmentSide::updateTimings()
{
    const ModelRun &a = m_run.model(Which::Original), &b = m_run.model(Which::Converted);
    const auto row = [&](const QString &name, double ModelRun::*time) {
        const auto cell = [time](const ModelRun &model) { return model.hasResult() ? durationText(model.*time) : QStringLiteral("–"); };
        return StatisticsTable::Row{name, {cell(a), cell(b)}};
    };
    m_timings->setRows({row(tr("Image encoder"), &ModelRun::encoding), row(tr("Prompts and masks"), &ModelRun::predicting),
                        row(tr("Model loading"), &ModelRun::loading)});
}

} // namespace rekey::ui
