// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritystatus.h"

#include "ui/parity/parityrun.h"
#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"
#include "ui/window/statusline.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace rekey::ui {

namespace {

struct ParityStatus
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::ParityStatus)
};

template <typename Verdict, typename Parity> QStringList counts(const Parity &parity, std::size_t verdicts)
{
    QStringList texts;
    for (std::size_t i = 0; i < verdicts; ++i) {
        const auto verdict = static_cast<Verdict>(i);
        if (const std::size_t rows = parity.count(verdict); rows > 0)
            texts << QStringLiteral("%1 %2").arg(look(verdict).word, countText(rows));
    }
    return texts;
}

} // namespace

void showStatus(const ParityRun &run, const ParityResult *shown, StatusLine &line)
{
    if (const Job *job = run.job())
        line.setProgress(
            job->fraction(),
            (QStringList {job->what().isEmpty() ? job->title() : job->title() + QStringLiteral(": ") + job->what(), job->timeLeft()}.filter(
                 QRegularExpression(QStringLiteral("."))))
                .join(QStringLiteral(" · ")));
    else
        line.setProgress(std::nullopt);
    if (shown == nullptr) {
        const QString blocked = run.blocked();
        if (!run.error().isEmpty())
            line.setState(QStringLiteral("error"), ParityStatus::tr("Not compared"), Status::Missing);
        else
            line.setState({}, blocked.isEmpty() ? ParityStatus::tr("Not compared yet") : ParityStatus::tr("Nothing to compare yet"),
                          Status::None);
        line.setFacts({}, {});
        return;
    }
    const ParityHeadline head = headline(*shown);
    if (run.isOutOfDate())
        line.setState(QStringLiteral("warning"), ParityStatus::tr("Out of date"), Status::ToReview);
    else
        line.setState(head.icon, head.verdict, head.status);
    QStringList left, right;
    if (shown->layers) {
        left = counts<LayerVerdict>(*shown->layers, layerVerdicts);
        right << ParityStatus::tr("%1 layers compared in %2").arg(countText(shown->layers->rows.size()), durationText(shown->milliseconds));
    } else if (shown->weights) {
        left = counts<WeightVerdict>(*shown->weights, weightVerdicts);
        right
            << ParityStatus::tr("%1 tensors compared in %2").arg(countText(shown->weights->rows.size()), durationText(shown->milliseconds));
    }
    line.setFacts(left, right);
}

} // namespace rekey::ui
