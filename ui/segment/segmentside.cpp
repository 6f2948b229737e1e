// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentside.h"

#include "ui/inspect/statisticstable.h"
#include "ui/segment/agreementpanel.h"
#include "ui/segment/behaviourpanel.h"
#include "ui/segment/computepanel.h"
#include "ui/segment/everythingpanel.h"
#include "ui/segment/promptpanel.h"
#include "ui/segment/segmentrun.h"
#include "ui/theme/displaytext.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"

#include <QFrame>
#include <QHBoxLayout>
#include <QScrollArea>

namespace rekey::ui {

namespace {

constexpr int sideWidth = 328;

} // namespace

SegmentSide::SegmentSide(Jobs &jobs, SegmentRun &run, EverythingRun &everything, PromptModel &prompts, QWidget *parent)
    : QWidget(parent)
    , m_run(run)
    , m_prompts(new PromptPanel(prompts))
    , m_everything(new EverythingPanel(everything))
    , m_agreement(new AgreementPanel)
    , m_behaviour(new BehaviourPanel)
    , m_compute(new ComputePanel(jobs, run.door()))
    , m_kind(new SegmentedSwitch(
          {{tr("Prompts"), QStringLiteral("point"), tr("Masks for points, boxes and an earlier mask")},
           {tr("Everything"), QStringLiteral("layers"), tr("Masks of everything in the picture, from a grid of points")}}))
    , m_timingsPart(new QWidget)
    , m_timings(new StatisticsTable(
          {{tr("Original"), ColumnInk::Source, ColumnInk::Text}, {tr("Converted"), ColumnInk::Target, ColumnInk::Text}}))
{
    auto *content = new QWidget;
    content->setAutoFillBackground(true);
    content->setBackgroundRole(QPalette::Base);
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto *timingsColumn = new QVBoxLayout(m_timingsPart);
    timingsColumn->setContentsMargins(0, 0, 0, 0);
    timingsColumn->setSpacing(0);
    timingsColumn->addWidget(new PanelHeader(tr("Timings")));
    auto *timingsLayout = new QVBoxLayout;
    timingsLayout->setContentsMargins(12, 8, 12, 8);
    timingsColumn->addLayout(timingsLayout);
    auto *kinds = new QHBoxLayout;
    kinds->setContentsMargins(12, 8, 12, 8);
    m_kind->setAccessibleName(tr("What is asked"));
    kinds->addWidget(m_kind);
    kinds->addStretch();
    m_timings->setRowHeight(24);
    m_timings->setAccessibleName(tr("Timings"));
    timingsLayout->addWidget(m_timings);
    column->addLayout(kinds);
    column->addWidget(m_prompts);
    column->addWidget(m_everything);
    column->addWidget(m_agreement);
    column->addWidget(m_behaviour);
    column->addWidget(m_timingsPart);
    column->addWidget(m_compute);
    column->addStretch(1);
    connect(m_kind, &SegmentedSwitch::currentChanged, this, [this] {
        showKind();
        Q_EMIT kindChosen(kind());
    });
    showKind();

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

SegmentTaskKind SegmentSide::kind() const
{
    return m_kind->current() == 0 ? SegmentTaskKind::Prompts : SegmentTaskKind::Everything;
}

void SegmentSide::setKind(SegmentTaskKind kind)
{
    m_kind->setCurrent(kind == SegmentTaskKind::Prompts ? 0 : 1);
}

void SegmentSide::showKind()
{
    const bool prompts = kind() == SegmentTaskKind::Prompts;
    m_prompts->setVisible(prompts);
    m_agreement->setVisible(prompts);
    m_timingsPart->setVisible(prompts);
    m_everything->setVisible(!prompts);
}

void SegmentSide::follow()
{
    if (m_run.info())
        m_compute->ask();
    updateAgreement();
    updateTimings();
    m_behaviour->setBehaviour(m_run.model(Which::Original).behaviour, m_run.model(Which::Converted).behaviour,
                              m_run.behaviourOverrides(Which::Converted));
}

QString SegmentSide::agreementWhy() const
{
    if (m_run.prompts() == Prompts {})
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
        return StatisticsTable::Row {name, {cell(a), cell(b)}};
    };
    StatisticsTable::Row encoder = row(tr("Image encoder"), &ModelRun::encoding);
    for (const auto &[index, model] : {std::pair {0, &a}, std::pair {1, &b}})
        if (model->hasResult() && model->cached)
            encoder.cells[index] = tr("cached");
    m_timings->setRows({encoder, row(tr("Prompts and masks"), &ModelRun::predicting), row(tr("Model loading"), &ModelRun::loading)});
}

} // namespace rekey::ui
