// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/jobs/job.h"
#include "ui/module/moduledoor.h"

#include <QImage>
#include <QObject>
#include <QPointer>
#include <QString>

#include <memory>
#include <mutex>
#include <optional>

namespace rekey::ui {

/// What a module is and what it gave.
struct ModuleResult
{
    QString description;
    std::size_t filled = 0;
    std::vector<std::string> notFilled;
    std::vector<ScriptOutput> outputs;
    double milliseconds = 0;
};

/// Opens a TorchScript module and runs it on a picture, in the background; nothing of the file is executed before
/// consent. Widget-free; GUI thread only.
class ModuleRun : public QObject
{
    Q_OBJECT
public:
    ModuleRun(Jobs &jobs, ModuleDoor door, QObject *parent = nullptr);
    ~ModuleRun() override;

    void setFile(const std::filesystem::path &file); ///< forgets the consent
    const std::filesystem::path &file() const { return m_file; }
    void consent(); ///< a person said: run its code
    bool isConsented() const { return m_consented; }
    /// Fills parameters from here before running; null: as they are in the file.
    void setSource(const CheckpointPtr &source, const std::optional<Mapping> &mapping);
    bool isFilled() const { return m_source != nullptr; }

    void setPicture(const std::filesystem::path &path);
    const std::filesystem::path &picturePath() const { return m_picturePath; }
    const QImage &picture() const { return m_picture; }
    void setPreparation(const ImagePreparation &preparation);
    const ImagePreparation &preparation() const { return m_preparation; }

    bool canRun() const { return m_consented && !m_file.empty() && m_image; }
    void start();
    void cancel();
    Job *job() const { return m_job; }
    /// Null until it ran; stays, out of date, while choices change.
    std::shared_ptr<const ModuleResult> result() const { return m_result; }
    bool isOutOfDate() const { return m_result && m_outOfDate; }
    const QString &error() const { return m_error; }

Q_SIGNALS:
    void changed();
    void pictureChanged();
    void finished();

private:
    struct Engine
    {
        std::mutex mutex;
        std::unique_ptr<ScriptModule> module;
    };
    void invalidate(bool engineToo);
    void fail(const QString &error);

    Jobs &m_jobs;
    ModuleDoor m_door;
    std::filesystem::path m_file, m_picturePath;
    CheckpointPtr m_source;
    std::optional<Mapping> m_mapping;
    ImagePreparation m_preparation;
    std::shared_ptr<Engine> m_engine;
    std::shared_ptr<const Image> m_image;
    QImage m_picture;
    std::shared_ptr<const ModuleResult> m_result;
    QString m_error;
    QPointer<Job> m_job;
    bool m_consented = false, m_outOfDate = false;
};

} // namespace rekey::ui
