// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/everythingrun.h"

#include "core/base/error.h"
#include "ui/segment/segmentengine.h"

#include <QColor>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rekey::ui {

namespace {

/// Hues a golden angle apart: neighbours in the list are far apart on the wheel, however many there are.
QRgb colourOf(std::size_t index)
{
    const double hue = std::fmod(0.13 + static_cast<double>(index) * 0.618033988749895, 1.0);
    return QColor::fromHsvF(static_cast<float>(hue), 0.72F, index % 2 == 0 ? 0.95F : 0.78F).rgba();
}

} // namespace

int EverythingPicture::at(const QPoint &pixel) const
{
    const std::size_t place = static_cast<std::size_t>(pixel.y()) * static_cast<std::size_t>(width) + static_cast<std::size_t>(pixel.x());
    return pixel.x() >= 0 && pixel.x() < width && pixel.y() >= 0 && place < maskAt.size() ? static_cast<int>(maskAt[place]) - 1 : -1;
}

EverythingPicture everythingPicture(const EverythingResult &result)
{
    EverythingPicture picture;
    picture.width = result.width;
    picture.maskAt.assign(static_cast<std::size_t>(result.width) * static_cast<std::size_t>(result.height), 0);
    // Large ones first: what lies in them stays visible.
    std::vector<std::size_t> order(result.masks.size());
    std::iota(order.begin(), order.end(), std::size_t {0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return result.masks[a].area > result.masks[b].area; });
    for (const std::size_t index : order) {
        std::size_t place = 0; // along columns, as run lengths count
        bool inside = false;
        const auto height = static_cast<std::size_t>(result.height);
        for (const std::uint32_t run : result.masks[index].mask.counts) {
            for (std::size_t end = place + run; inside && place < end; ++place)
                picture.maskAt[(place % height) * static_cast<std::size_t>(result.width) + place / height]
                    = static_cast<std::uint16_t>(index + 1);
            if (!inside)
                place += run;
            inside = !inside;
        }
    }
    picture.colours = QImage(result.width, result.height, QImage::Format_ARGB32_Premultiplied);
    for (int y = 0; y < result.height; ++y) {
        auto *line = reinterpret_cast<QRgb *>(picture.colours.scanLine(y));
        for (int x = 0; x < result.width; ++x) {
            const int mask = picture.at({x, y});
            line[x] = mask < 0 ? 0 : colourOf(static_cast<std::size_t>(mask));
        }
    }
    return picture;
}

EverythingRun::EverythingRun(Jobs &jobs, SegmentRun &run, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_run(run)
{
    connect(&m_run, &SegmentRun::pictureChanged, this, &EverythingRun::forget);
    connect(&m_run, &SegmentRun::enginesChanged, this, &EverythingRun::forget);
}

EverythingRun::~EverythingRun()
{
    cancel();
}

void EverythingRun::forget()
{
    cancel();
    for (auto &answer : m_answers)
        answer.reset();
    Q_EMIT changed();
}

void EverythingRun::setOptions(const EverythingOptions &options)
{
    if (options == m_options)
        return;
    m_options = options;
    Q_EMIT changed();
}

bool EverythingRun::isOutOfDate() const
{
    return (m_answers[0] || m_answers[1]) && !(m_answered == m_options);
}

const EverythingAnswer *EverythingRun::answer(Which which) const
{
    const auto &answer = m_answers[static_cast<int>(which)];
    return answer ? &*answer : nullptr;
}

bool EverythingRun::canRun() const
{
    return !m_run.picture().isNull() && (m_run.task(Which::Original) || m_run.task(Which::Converted));
}

void EverythingRun::start()
{
    if (!canRun())
        return;
    cancel();
    m_answered = m_options;
    m_waiting = {Which::Original, Which::Converted};
    runNext();
}

void EverythingRun::cancel()
{
    m_waiting.clear();
    if (m_job)
        m_job->cancel();
    m_job = nullptr;
}

void EverythingRun::runNext()
{
    m_job = nullptr;
    std::optional<SegmentTask> task;
    Which which = Which::Original;
    while (!task && !m_waiting.isEmpty()) {
        which = m_waiting.takeFirst();
        task = m_run.task(which);
    }
    if (!task)
        return changed();
    Job *job = m_jobs.start(
        this, QStringLiteral("everything"), which == Which::Original ? tr("Everything, original") : tr("Everything, converted"),
        [task = *task, options = m_answered](const Progress &progress) {
            EverythingAnswer answer;
            const std::lock_guard lock(task.engine->mutex);
            try {
                Segmenter &segmenter = openedSegmenter(task, progress.part(0, 0.05));
                task.engine->embeddedPicture = 0; // until it is done; a cancelled one leaves nothing set
                answer.result = std::make_shared<const EverythingResult>(
                    segmenter.segmentEverything(*task.image, options, progress.part(0.05, 0.99)));
                task.engine->embeddedPicture = task.picture;
                answer.picture = everythingPicture(*answer.result);
            } catch (const Cancelled &) {
                throw;
            } catch (const std::exception &error) {
                answer.error = QString::fromUtf8(error.what());
            }
            return answer;
        },
        [this, which](EverythingAnswer answer) {
            m_answers[static_cast<int>(which)] = std::move(answer);
            runNext();
            Q_EMIT changed();
        });
    connect(job, &Job::cancelled, this, [this, job] {
        if (m_job == job)
            m_job = nullptr;
        Q_EMIT changed();
    });
    m_job = job;
    Q_EMIT changed();
}

} // namespace rekey::ui
