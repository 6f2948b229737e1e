// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentstatus.h"

#include "ui/jobs/job.h"
#include "ui/segment/segmentrun.h"
#include "ui/theme/displaytext.h"
#include "ui/window/statusline.h"

#include <QCoreApplication>

#include <algorithm>

namespace rekey::ui {

namespace {

struct SegmentStatus
{
    Q_DECLARE_TR_FUNCTIONS(rekey::ui::SegmentStatus)
};

QString computeText(const Runtime::Info &info)
{
    const QString blas = QString::fromStdString(info.blas);
    return info.threads == 1 ? SegmentStatus::tr("1 thread, %1").arg(blas)
                             : SegmentStatus::tr("%1 threads, %2").arg(info.threads).arg(blas);
}

void showState(const SegmentRun &run, bool hasPrompts, StatusLine &line)
{
    const ModelRun &a = run.model(Which::Original), &b = run.model(Which::Converted);
    const QString error = QStringLiteral("error"), check = QStringLiteral("check");
    if (!run.pictureError().isEmpty())
        line.setState(error, SegmentStatus::tr("Picture not read"), Status::Missing);
    else if (a.stage == ModelRun::Stage::Failed || b.stage == ModelRun::Stage::Failed)
        line.setState(error, SegmentStatus::tr("A model did not run"), Status::Missing);
    else if (a.outOfDate || b.outOfDate)
        line.setState(QStringLiteral("warning"), SegmentStatus::tr("Out of date"), Status::ToReview);
    else if (a.hasResult() && b.hasResult())
        line.setState(check, SegmentStatus::tr("Both models ran"), Status::Proven);
    else if (a.hasResult() || b.hasResult())
        line.setState(check, a.hasResult() ? SegmentStatus::tr("The original ran") : SegmentStatus::tr("The converted model ran"),
                      Status::Proven);
    else
        line.setState({}, hasPrompts ? SegmentStatus::tr("Not run yet") : SegmentStatus::tr("No prompt yet"), Status::None);
}

QStringList pictureFacts(const SegmentRun &run)
{
    QStringList facts;
    const QImage &picture = run.picture();
    if (picture.isNull())
        return facts;
    facts << QStringLiteral("%1 · %2×%3")
                 .arg(QString::fromStdString(run.picturePath().filename().string()))
                 .arg(picture.width())
                 .arg(picture.height());
    if (const int side = std::max(run.model(Which::Original).imageSize, run.model(Which::Converted).imageSize); side > 0) {
        const double scale = static_cast<double>(side) / std::max(picture.width(), picture.height());
        facts << SegmentStatus::tr("Resized to %1×%2, bilinear")
                     .arg(static_cast<int>(picture.width() * scale + 0.5))
                     .arg(static_cast<int>(picture.height() * scale + 0.5));
    }
    return facts;
}

} // namespace

void showStatus(const SegmentRun &run, const Job *other, bool hasPrompts, const std::optional<QPoint> &pointer, double zoom,
                StatusLine &line)
{
    if (const Job *job = run.job() != nullptr ? run.job() : other)
        line.setProgress(job->fraction(), job->what().isEmpty() ? job->title() : job->title() + QStringLiteral(": ") + job->what());
    else
        line.setProgress(std::nullopt);
    showState(run, hasPrompts, line);

    QStringList left = pictureFacts(run), right;
    if (const auto &known = run.info()) {
        left << computeText(*known);
        if (known->slowBlas)
            left << SegmentStatus::tr("slow BLAS: install libopenblas0-pthread");
    }
    const ModelRun &a = run.model(Which::Original), &b = run.model(Which::Converted);
    if (a.hasResult() || b.hasResult())
        right << (a.outOfDate || b.outOfDate ? SegmentStatus::tr("Image embedding out of date")
                                             : SegmentStatus::tr("Image embedding cached"));
    if (pointer)
        right << SegmentStatus::tr("Pointer %1, %2").arg(pointer->x()).arg(pointer->y());
    if (!run.picture().isNull())
        right << SegmentStatus::tr("Zoom %1 %").arg(qRound(zoom * 100));
    line.setFacts(left, right);
}

} // namespace rekey::ui
