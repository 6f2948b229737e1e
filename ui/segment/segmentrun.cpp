// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentrun.h"

#include "ui/jobs/job.h"

#include <algorithm>
#include <utility>

namespace rekey::ui {

namespace {

/// A run that takes longer than this waits to be asked for.
constexpr double momentMilliseconds = 5000;

bool hasPrompts(const Prompts &prompts)
{
    return !prompts.points.empty() || prompts.box.has_value() || !prompts.maskLogits.empty();
}

/// Weights are compared by what they are read from; a mapping by its rules, not by its notes.
bool sameWeights(const std::optional<ModelWeights> &a, const std::optional<ModelWeights> &b)
{
    if (a.has_value() != b.has_value())
        return false;
    if (!a)
        return true;
    return a->checkpoint == b->checkpoint && a->target == b->target && a->mapping.has_value() == b->mapping.has_value()
           && (!a->mapping || a->mapping->rules == b->mapping->rules);
}

} // namespace

SegmentRun::SegmentRun(Jobs &jobs, SegmentDoor door, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_door(std::move(door))
{
    for (State &s : m_states)
        s.engine = std::make_shared<SegmentEngine>();
}

SegmentRun::~SegmentRun()
{
    stop();
}

void SegmentRun::stop()
{
    for (const QPointer<Job> &job : {m_job, m_reading})
        if (job)
            job->cancel();
    m_job = nullptr;
    m_reading = nullptr;
    for (State &s : m_states)
        if (s.run.stage == ModelRun::Stage::Running)
            s.run.stage = ModelRun::Stage::Waiting;
}

void SegmentRun::setModel(Which which, std::optional<ModelWeights> weights, const QString &blocked)
{
    State &s = state(which);
    if (sameWeights(s.weights, weights) && s.run.stage != ModelRun::Stage::None && (weights || s.run.message == blocked))
        return;
    s.weights = std::move(weights);
    invalidate(s);
    if (!s.weights) {
        // What cannot run shows nothing that could be taken for its result.
        s.run = ModelRun {};
        s.run.stage = blocked.isEmpty() ? ModelRun::Stage::None : ModelRun::Stage::Blocked;
        s.run.message = blocked;
        m_agreements.clear();
    }
    Q_EMIT modelChanged();
}

void SegmentRun::setBehaviour(Which which, const Behaviour &overrides)
{
    State &s = state(which);
    if (s.overrides == overrides)
        return;
    s.overrides = overrides;
    invalidate(s);
    Q_EMIT modelChanged();
}

const Behaviour &SegmentRun::behaviourOverrides(Which which) const
{
    return state(which).overrides;
}

void SegmentRun::setCompute(const ComputeOptions &compute)
{
    if (compute == m_compute)
        return;
    m_compute = compute;
    for (State &s : m_states)
        if (s.weights)
            invalidate(s);
    Q_EMIT modelChanged();
}

std::optional<SegmentTask> SegmentRun::task(Which which) const
{
    const State &s = state(which);
    if (!s.weights || !m_image)
        return std::nullopt;
    SegmentTask task;
    task.engine = s.engine;
    task.weights = *s.weights;
    task.overrides = s.overrides;
    task.compute = m_compute;
    task.image = m_image;
    task.picture = m_pictureNumber;
    task.prompts = m_prompts;
    task.tolerance = m_tolerance;
    task.door = m_door;
    return task;
}

void SegmentRun::invalidate(State &s)
{
    if (m_job && &state(m_running) == &s) {
        m_job->cancel();
        m_job = nullptr;
        Q_EMIT runningChanged();
    }
    // A job that still holds the old model keeps it alive and lets go of it in its own time.
    s.engine = std::make_shared<SegmentEngine>();
    s.engineIsCurrent = false;
    s.embedded = false;
    s.run.stage = ModelRun::Stage::Waiting;
    s.run.message.clear();
    s.run.outOfDate = s.run.hasResult();
    Q_EMIT enginesChanged();
}

void SegmentRun::setPicture(const std::filesystem::path &path)
{
    stop();
    m_path = path;
    m_pictureError.clear();
    ++m_pictureNumber;
    m_cancelled = false;
    endPreview();
    using Read = std::pair<std::shared_ptr<const Image>, QImage>;
    m_reading = m_jobs.start(
        this, QStringLiteral("picture"), tr("Reading the picture"),
        [path, load = m_door.loadImage](const Progress &) -> Read {
            auto image = std::make_shared<const Image>(load(path));
            QImage picture = qImage(*image);
            return {std::move(image), std::move(picture)};
        },
        [this](Read read) {
            m_reading = nullptr;
            m_image = std::move(read.first);
            m_picture = std::move(read.second);
            m_agreements.clear();
            for (State &s : m_states) {
                s.embedded = false;
                s.run.result = nullptr;
                s.run.masks.clear();
                s.run.outOfDate = false;
                if (s.weights)
                    s.run.stage = ModelRun::Stage::Waiting;
            }
            Q_EMIT pictureChanged();
            Q_EMIT modelChanged();
            if (m_wanted)
                runNext();
            Q_EMIT runningChanged();
        });
    connect(m_reading, &Job::failed, this, [this](const QString &error) {
        m_reading = nullptr;
        m_pictureError = error;
        m_picture = QImage();
        m_image = nullptr;
        m_agreements.clear();
        for (State &s : m_states) {
            s.run.result = nullptr;
            s.run.masks.clear();
        }
        m_wanted = false;
        Q_EMIT pictureChanged();
        Q_EMIT runningChanged();
    });
    Q_EMIT runningChanged();
}

void SegmentRun::setPrompts(const Prompts &prompts)
{
    if (prompts == m_prompts)
        return;
    m_prompts = prompts;
    endPreview();
    if (!hasPrompts(prompts)) {
        m_wanted = false;
        m_agreements.clear();
        for (State &s : m_states) {
            s.run.result = nullptr;
            s.run.masks.clear();
            s.run.outOfDate = false;
            if (s.run.stage == ModelRun::Stage::Ready)
                s.run.stage = ModelRun::Stage::Waiting;
        }
        Q_EMIT modelChanged();
        return;
    }
    if (runsByItself()) {
        m_wanted = true;
        runNext();
    } else {
        for (State &s : m_states)
            s.run.outOfDate = s.run.hasResult();
        Q_EMIT modelChanged();
    }
}

bool SegmentRun::runsByItself() const
{
    // Cancelling means: not now.
    if (m_cancelled)
        return false;
    return std::all_of(std::begin(m_states), std::end(m_states),
                       [](const State &s) { return !s.weights || s.embedded || s.lastTotal < momentMilliseconds; });
}

bool SegmentRun::canRun() const
{
    return m_image && hasPrompts(m_prompts) && (state(Which::Original).weights || state(Which::Converted).weights);
}

void SegmentRun::runBoth()
{
    m_wanted = true;
    m_cancelled = false;
    for (State &s : m_states)
        if (s.run.stage == ModelRun::Stage::Failed)
            s.run.stage = ModelRun::Stage::Waiting;
    runNext();
}

void SegmentRun::cancel()
{
    m_wanted = false;
    m_cancelled = true;
    if (m_job) {
        // The job's own signal puts the model's state right.
        m_job->cancel();
    }
}

bool SegmentRun::needsRun(Which which) const
{
    const State &s = state(which);
    if (!s.weights || s.run.stage == ModelRun::Stage::Failed)
        return false;
    return !s.engineIsCurrent || !s.embedded || !s.run.result || !(s.answered == m_prompts);
}

void SegmentRun::runNext()
{
    if (m_job || m_reading || !m_wanted || !canRun())
        return;
    if (needsRun(Which::Original))
        return start(Which::Original);
    if (needsRun(Which::Converted))
        return start(Which::Converted);
    m_wanted = false;
    Q_EMIT runningChanged();
}

void SegmentRun::start(Which which)
{
    State &s = state(which);
    s.run.stage = ModelRun::Stage::Running;
    m_running = which;
    const bool original = which == Which::Original;
    const QString title = s.embedded ? tr("Segmenting") : original ? tr("Running the original model") : tr("Running the converted model");
    SegmentTask work = *task(which);
    work.other = original || needsRun(Which::Original) ? nullptr : state(Which::Original).run.result;
    m_job = m_jobs.start(
        this, QStringLiteral("run"), title, [work](const Progress &progress) { return runSegmentTask(work, progress); },
        [this, which](SegmentOutcome outcome) { finish(which, std::move(outcome)); });
    connect(m_job, &Job::cancelled, this, [this, which, job = m_job.data()] {
        if (m_job != job)
            return;
        m_job = nullptr;
        State &stopped = state(which);
        if (stopped.run.stage == ModelRun::Stage::Running)
            stopped.run.stage = ModelRun::Stage::Waiting;
        stopped.run.outOfDate = stopped.run.hasResult();
        Q_EMIT modelChanged();
        Q_EMIT runningChanged();
    });
    connect(m_job, &Job::failed, this, [this, which, job = m_job.data()](const QString &error) {
        if (m_job != job)
            return;
        SegmentOutcome outcome;
        outcome.error = error;
        finish(which, std::move(outcome));
    });
    Q_EMIT modelChanged();
    Q_EMIT runningChanged();
}

void SegmentRun::finish(Which which, SegmentOutcome outcome)
{
    m_job = nullptr;
    State &s = state(which);
    if (!outcome.error.isEmpty()) {
        s.run = ModelRun {};
        s.run.stage = ModelRun::Stage::Failed;
        s.run.message = outcome.error;
        s.engine = std::make_shared<SegmentEngine>();
        s.engineIsCurrent = s.embedded = false;
        m_agreements.clear();
    } else {
        const bool first = which == Which::Original || !state(Which::Original).run.hasResult();
        if (!s.engineIsCurrent || !s.embedded)
            s.lastTotal = outcome.total;
        s.engineIsCurrent = s.embedded = true;
        s.answered = outcome.prompts;
        s.run.stage = ModelRun::Stage::Ready;
        s.run.outOfDate = false;
        s.run.message.clear();
        s.run.description = outcome.description;
        s.run.imageSize = outcome.imageSize;
        s.run.behaviour = std::move(outcome.behaviour);
        s.run.loading = outcome.loading;
        s.run.encoding = outcome.encoding;
        s.run.cached = outcome.cached;
        s.run.predicting = outcome.result->milliseconds;
        s.run.result = std::move(outcome.result);
        s.run.masks = std::move(outcome.masks);
        m_agreements = std::move(outcome.agreements);
        m_info = outcome.info;
        if (first)
            m_chosen = s.run.result->best;
        m_chosen = std::min(m_chosen, s.run.result->masks.empty() ? 0 : s.run.result->masks.size() - 1);
    }
    Q_EMIT modelChanged();
    runNext();
    Q_EMIT runningChanged();
}

const Agreement *SegmentRun::agreement(std::size_t index) const
{
    return index < m_agreements.size() ? &m_agreements[index] : nullptr;
}

std::size_t SegmentRun::candidates() const
{
    std::size_t most = 0;
    for (const State &s : m_states)
        most = std::max(most, s.run.result ? s.run.result->masks.size() : 0);
    return most;
}

void SegmentRun::choose(std::size_t index)
{
    if (index == m_chosen || index >= candidates())
        return;
    m_chosen = index;
    Q_EMIT chosenChanged();
}

void SegmentRun::preview(const Prompts &prompts)
{
    const State &s = state(Which::Original);
    if (!s.engineIsCurrent || !s.embedded || m_job || m_reading || !hasPrompts(prompts))
        return;
    const quint64 number = ++m_previewNumber;
    m_jobs.start(
        this, QStringLiteral("preview"), tr("Previewing"),
        [engine = s.engine, picture = m_pictureNumber, prompts](const Progress &progress) {
            const std::lock_guard lock(engine->mutex);
            progress.check();
            if (!engine->segmenter || engine->embeddedPicture != picture)
                return MaskPicture {};
            const SegmentResult result = engine->segmenter->predict(prompts);
            return result.masks.empty() ? MaskPicture {} : maskPicture(result.masks[result.best].pixels, result.width, result.height);
        },
        [this, number](const MaskPicture &mask) {
            if (number == m_previewNumber)
                Q_EMIT previewReady(mask);
        });
}

void SegmentRun::endPreview()
{
    ++m_previewNumber;
    Q_EMIT previewReady(MaskPicture {});
}

} // namespace rekey::ui
