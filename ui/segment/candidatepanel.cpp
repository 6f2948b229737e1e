// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/candidatepanel.h"

#include "ui/segment/candidatestrip.h"
#include "ui/segment/canvas.h"
#include "ui/segment/segmentrun.h"
#include "ui/theme/theme.h"
#include "ui/window/sectionhead.h"

#include <QEvent>
#include <QVBoxLayout>

namespace rekey::ui {

CandidatePanel::CandidatePanel(SegmentRun &run, QWidget *parent)
    : QWidget(parent)
    , m_run(run)
    , m_head(new SectionHead(tr("Candidate masks")))
    , m_strip(new CandidateStrip)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addWidget(m_head);
    column->addWidget(m_strip);
    column->addStretch();
    connect(m_strip, &CandidateStrip::chosen, this, [this](int index) { m_run.choose(static_cast<std::size_t>(index)); });
    applyTheme();
}

void CandidatePanel::followPicture()
{
    const QImage &picture = m_run.picture();
    m_small = picture.isNull() ? QImage()
                               : picture.scaled(CandidateStrip::thumbnailSize() * 4, Qt::KeepAspectRatio, Qt::FastTransformation)
                                     .scaled(CandidateStrip::thumbnailSize() * 2, Qt::KeepAspectRatio, Qt::SmoothTransformation);
}

void CandidatePanel::follow()
{
    QList<CandidateView> views;
    const ModelRun &a = m_run.model(Which::Original), &b = m_run.model(Which::Converted);
    for (std::size_t i = 0; i < m_run.candidates(); ++i) {
        const auto scores = [i](const ModelRun &model) -> std::optional<CandidateScores> {
            if (!model.hasResult() || i >= model.result->masks.size())
                return std::nullopt;
            const MaskCandidate &mask = model.result->masks[i];
            return CandidateScores {static_cast<double>(mask.predictedIou), static_cast<double>(mask.stability)};
        };
        const MaskPicture mask = i < a.masks.size() ? a.masks[i] : i < b.masks.size() ? b.masks[i] : MaskPicture {};
        views << CandidateView {thumbnail(m_small, m_run.picture().size(), mask, maskColour(palette())), scores(a), scores(b),
                                mask.isEmpty()};
    }
    m_strip->setCandidates(views, views.isEmpty() ? -1 : static_cast<int>(m_run.chosen()));
}

void CandidatePanel::applyTheme()
{
    const Theme theme = Theme::of(palette());
    m_head->setDetail(
        tr("predicted IoU and stability, <span style=\"color:%1\">original</span> and <span style=\"color:%2\">converted</span>")
            .arg(theme.src.name(), theme.tgt.name()));
}

void CandidatePanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange) {
        applyTheme();
        follow();
    }
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
