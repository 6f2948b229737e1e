// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/module/modulerun.h"

#include "ui/segment/maskpicture.h"

#include <utility>

namespace rekey::ui {

ModuleRun::ModuleRun(Jobs &jobs, ModuleDoor door, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
    , m_door(std::move(door))
    , m_engine(std::make_shared<Engine>())
{
    // What most classifiers were trained with.
    m_preparation.mean = {0.485, 0.456, 0.406};
    m_preparation.deviation = {0.229, 0.224, 0.225};
}

ModuleRun::~ModuleRun()
{
    cancel();
}

void ModuleRun::invalidate(bool engineToo)
{
    cancel();
    if (engineToo)
        m_engine = std::make_shared<Engine>();
    m_error.clear();
    m_outOfDate = true;
    Q_EMIT changed();
}

void ModuleRun::setFile(const std::filesystem::path &file)
{
    m_file = file;
    m_consented = false;
    m_result = nullptr;
    invalidate(true);
    Q_EMIT finished();
}

void ModuleRun::consent()
{
    m_consented = true;
    Q_EMIT changed();
}

void ModuleRun::setSource(const CheckpointPtr &source, const std::optional<Mapping> &mapping)
{
    if (source == m_source && mapping.has_value() == m_mapping.has_value() && (!mapping || mapping->rules == m_mapping->rules))
        return;
    m_source = source;
    m_mapping = mapping;
    invalidate(true);
}

void ModuleRun::setPreparation(const ImagePreparation &preparation)
{
    if (preparation == m_preparation)
        return;
    m_preparation = preparation;
    invalidate(false);
}

void ModuleRun::setPicture(const std::filesystem::path &path)
{
    m_picturePath = path;
    using Read = std::pair<std::shared_ptr<const Image>, QImage>;
    Job *job = m_jobs.start(
        this, QStringLiteral("picture"), tr("Reading the picture"),
        [path, load = m_door.loadImage](const Progress &) -> Read {
            auto image = std::make_shared<const Image>(load(path));
            return {image, qImage(*image)};
        },
        [this](Read read) {
            m_image = std::move(read.first);
            m_picture = std::move(read.second);
            invalidate(false);
            Q_EMIT pictureChanged();
        });
    connect(job, &Job::failed, this, [this](const QString &error) {
        m_image = nullptr;
        m_picture = QImage();
        fail(error);
        Q_EMIT pictureChanged();
    });
}

void ModuleRun::start()
{
    if (!canRun())
        return;
    ScriptModuleRequest request;
    request.file = m_file;
    request.executionAllowed = m_consented;
    request.source = m_source;
    request.mapping = m_mapping;
    m_error.clear();
    Job *job = m_jobs.start(
        this, QStringLiteral("module"), tr("Running the module"),
        [request, engine = m_engine, image = m_image, preparation = m_preparation, open = m_door.open](const Progress &progress) {
            const std::lock_guard lock(engine->mutex);
            if (!engine->module)
                engine->module = open(request, progress.part(0, 0.3));
            ModuleResult result;
            result.outputs = engine->module->run(*image, preparation, progress.part(0.3, 1));
            result.description = QString::fromStdString(engine->module->description());
            result.filled = engine->module->filled();
            result.notFilled = engine->module->notFilled();
            result.milliseconds = engine->module->milliseconds();
            return std::make_shared<const ModuleResult>(std::move(result));
        },
        [this](std::shared_ptr<const ModuleResult> result) {
            m_job = nullptr;
            m_result = std::move(result);
            m_outOfDate = false;
            Q_EMIT finished();
        });
    connect(job, &Job::failed, this, [this](const QString &error) { fail(error); });
    connect(job, &Job::cancelled, this, [this, job] {
        if (m_job == job)
            m_job = nullptr;
        Q_EMIT changed();
    });
    m_job = job;
    Q_EMIT changed();
}

void ModuleRun::fail(const QString &error)
{
    m_job = nullptr;
    m_error = error;
    Q_EMIT finished();
}

void ModuleRun::cancel()
{
    if (m_job)
        m_job->cancel();
    m_job = nullptr;
}

} // namespace rekey::ui
