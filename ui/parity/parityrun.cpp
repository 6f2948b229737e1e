// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/parityrun.h"

#include "ui/document/session.h"
#include "ui/segment/agreement.h"
#include "ui/segment/modeloffer.h"

#include <QElapsedTimer>

#include <utility>

namespace rekey::ui {

namespace {

/// All that a job needs, taken on the GUI thread.
struct ParityTask
{
    ParityInput input;
    std::optional<ModelWeights> original, converted;
    std::optional<Mapping> mapping;
    ParityDoor door;
};

ActivationParity compareOnPicture(const ParityTask &task, const Progress &progress)
{
    ModelParityRequest request;
    request.reference = *task.original;
    request.converted = *task.converted;
    request.image = task.door.loadImage(task.input.picture.path);
    const Prompts &prompts = task.input.picture.prompts;
    if (!prompts.points.empty() || prompts.box || !prompts.maskLogits.empty())
        request.prompts = {{"", prompts}};
    request.convertedBehaviour = task.input.conditions.behaviour;
    request.precision = task.input.conditions.precision;
    request.tolerance = task.input.tolerance;
    return task.door.models(request, progress);
}

ActivationParity compareWithFile(const ParityTask &task, const Progress &progress)
{
    RecordedParityRequest request;
    request.reference = task.door.open(task.input.reference.file, progress.part(0, 0.02));
    request.converted = *task.converted;
    if (task.original)
        request.referenceWeights = task.original->checkpoint;
    if (!task.input.picture.path.empty())
        request.images[""] = task.door.loadImage(task.input.picture.path);
    request.convertedBehaviour = task.input.conditions.behaviour;
    request.tolerance = task.input.tolerance;
    return task.door.recorded(request, progress.part(0.02, 1));
}

ActivationParity compareTwoFiles(const ParityTask &task, const Progress &progress)
{
    FileParityRequest request;
    request.reference = task.door.open(task.input.reference.file, progress.part(0, 0.02));
    request.checked = task.door.open(task.input.reference.checked, progress.part(0.02, 0.04));
    // The open checkpoints are not asked: whether the files are theirs is not known. Their rules say which names go together.
    request.mapping = task.mapping;
    request.tolerance = task.input.tolerance;
    return task.door.files(request, progress.part(0.04, 1));
}

WeightParity compareWeights(const ParityTask &task, const Progress &progress)
{
    WeightParityRequest request;
    request.source = task.input.source;
    const bool file = task.input.reference.kind == ParityReference::Kind::Checkpoint;
    request.target = file ? task.door.open(task.input.reference.file, progress.part(0, 0.1)) : task.input.target;
    request.mapping = task.mapping;
    return task.door.weights(request, progress.part(0.1, 1));
}

ParityResult carryOut(const ParityTask &task, const Progress &progress)
{
    QElapsedTimer timer;
    timer.start();
    ParityResult result;
    result.input = task.input;
    switch (task.input.reference.kind) {
    case ParityReference::Kind::Original: result.layers = compareOnPicture(task, progress); break;
    case ParityReference::Kind::Recorded: result.layers = compareWithFile(task, progress); break;
    case ParityReference::Kind::Files: result.layers = compareTwoFiles(task, progress); break;
    case ParityReference::Kind::Checkpoint:
    case ParityReference::Kind::Target: result.weights = compareWeights(task, progress); break;
    }
    if (result.layers)
        result.weights = result.layers->weights;
    result.milliseconds = static_cast<double>(timer.nsecsElapsed()) / 1e6;
    return result;
}

} // namespace

ParityRun::ParityRun(Session &session, ParityDoor door, QObject *parent)
    : QObject(parent)
    , m_session(session)
    , m_door(std::move(door))
{
    connect(&m_session, &Session::opened, this, &ParityRun::follow);
    connect(&m_session, &Session::suggestingChanged, this, &ParityRun::follow);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, &ParityRun::follow);
}

ParityRun::~ParityRun()
{
    if (m_job)
        m_job->cancel();
}

void ParityRun::follow()
{
    // A comparison of checkpoints that are closed by now says nothing about those that are open.
    if (m_result && m_result->input.reference.kind != ParityReference::Kind::Files
        && (m_result->input.source != m_session.checkpoint(Side::Source) || m_result->input.target != m_session.checkpoint(Side::Target))) {
        m_result = nullptr;
        cancel();
        Q_EMIT finished();
    }
    Q_EMIT changed();
}

void ParityRun::setReference(const ParityReference &reference)
{
    if (reference == m_reference)
        return;
    m_reference = reference;
    m_error.clear();
    Q_EMIT changed();
}

void ParityRun::setPicture(const ParityPicture &picture)
{
    if (picture == m_picture)
        return;
    m_picture = picture;
    Q_EMIT changed();
}

void ParityRun::setConditions(const ParityConditions &conditions)
{
    if (conditions == m_conditions)
        return;
    m_conditions = conditions;
    Q_EMIT changed();
}

void ParityRun::setTolerance(double tolerance)
{
    if (tolerance == m_tolerance)
        return;
    m_tolerance = tolerance;
    Q_EMIT changed();
}

double ParityRun::tolerance() const
{
    if (m_reference.kind == ParityReference::Kind::Files)
        return m_tolerance.value_or(toleranceF32);
    if (m_reference.kind == ParityReference::Kind::Original && m_conditions.precision != Precision::F32)
        return m_tolerance.value_or(toleranceHalf);
    // A target in 16 bits rounds its weights; that is no fault of a rule.
    const CheckpointPtr target = m_session.checkpoint(Side::Target);
    return m_tolerance.value_or(target && logitTolerance(floatType(*target)) > logitTolerance(DType::F32) ? toleranceHalf : toleranceF32);
}

ParityInput ParityRun::input() const
{
    ParityInput result;
    result.reference = m_reference;
    result.tolerance = m_reference.isLayerByLayer() ? tolerance() : 0;
    if (m_reference.runsModels()) {
        result.picture = m_picture;
        result.conditions = m_conditions;
        // A recording is compared with in F32.
        if (m_reference.kind == ParityReference::Kind::Recorded)
            result.conditions.precision = Precision::F32;
    }
    if (m_reference.kind != ParityReference::Kind::Files) {
        result.source = m_session.checkpoint(Side::Source);
        result.target = m_session.checkpoint(Side::Target);
    }
    if (m_session.hasPair())
        result.rules = m_session.document().mapping().rules;
    return result;
}

bool ParityRun::isOutOfDate() const
{
    return m_result && !(m_result->input == input());
}

bool ParityRun::needsMap() const
{
    const auto resolution = m_session.document().resolution();
    return m_reference.kind != ParityReference::Kind::Files && m_session.hasPair() && !m_session.isSuggesting() && resolution
           && !resolution->complete();
}

QString ParityRun::blocked() const
{
    if (m_reference.kind == ParityReference::Kind::Files)
        return {};
    const CheckpointPtr source = m_session.checkpoint(Side::Source), target = m_session.checkpoint(Side::Target);
    if (!source)
        return tr("Open a source: it is the model that the converted one is compared with.");
    if (!source->hasValues())
        return tr("A schema has names and shapes, but no weights to compare.");
    switch (m_reference.kind) {
    case ParityReference::Kind::Original:
        if (m_picture.path.empty())
            return tr("Choose a picture for both models.");
        return convertedModel(m_session).blocked;
    case ParityReference::Kind::Recorded:
        // Without a target, the source itself is the model that is checked.
        return target ? convertedModel(m_session).blocked : QString();
    case ParityReference::Kind::Files: break;
    case ParityReference::Kind::Checkpoint: return target ? convertedModel(m_session).blocked : QString();
    case ParityReference::Kind::Target:
        if (!target || !target->hasValues())
            return tr("The target has no values of its own. Choose a checkpoint with the right weights.");
        return m_session.isSuggesting() ? tr("Rules are being suggested.") : QString();
    }
    return {};
}

void ParityRun::start()
{
    if (!blocked().isEmpty())
        return;
    ParityTask task;
    task.input = input();
    task.door = m_door;
    const ModelOffer original = originalModel(m_session), converted = convertedModel(m_session);
    task.original = original.weights;
    task.converted = task.input.target ? converted.weights : original.weights;
    if (m_session.hasPair())
        task.mapping = m_session.document().mapping();
    m_error.clear();
    Job *job = m_session.jobs().start(
        this, QStringLiteral("parity"), m_reference.isLayerByLayer() ? tr("Comparing layers") : tr("Comparing weights"),
        [task](const Progress &progress) { return std::make_shared<const ParityResult>(carryOut(task, progress)); },
        [this](std::shared_ptr<const ParityResult> result) {
            m_result = std::move(result);
            m_job = nullptr;
            Q_EMIT finished();
        });
    connect(job, &Job::failed, this, [this](const QString &error) {
        m_job = nullptr;
        m_error = error;
        Q_EMIT finished();
    });
    connect(job, &Job::cancelled, this, [this, job] {
        if (m_job != job)
            return;
        m_job = nullptr;
        Q_EMIT finished();
    });
    m_job = job;
    Q_EMIT changed();
}

void ParityRun::cancel()
{
    if (m_job)
        m_job->cancel();
}

} // namespace rekey::ui
