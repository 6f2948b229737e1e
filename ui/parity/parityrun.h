// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/jobs/job.h"
#include "ui/parity/paritydoor.h"
#include "ui/segment/segmentdoor.h"

#include <QObject>
#include <QPointer>
#include <QString>

#include <filesystem>
#include <memory>
#include <optional>

namespace rekey::ui {

class Session;

/// What the converted model is held against.
struct ParityReference
{
    enum class Kind : quint8 {
        Original, ///< the source, run on a picture: layer by layer
        Recorded, ///< a file of activations: layer by layer
        Files, ///< one file of activations, and another in place of a model: layer by layer, of any two models
        Checkpoint, ///< another file with the right weights: tensor by tensor
        Target, ///< the open target's own values: tensor by tensor
    };
    Kind kind = Kind::Original;
    std::filesystem::path file; ///< of Recorded, Files and Checkpoint
    std::filesystem::path checked; ///< of Files: the activations that are held against those of `file`
    bool operator==(const ParityReference &) const = default;
    bool isLayerByLayer() const { return kind == Kind::Original || kind == Kind::Recorded || kind == Kind::Files; }
    bool runsModels() const { return kind == Kind::Original || kind == Kind::Recorded; }
};

/// What both models are fed.
struct ParityPicture
{
    std::filesystem::path path;
    Prompts prompts;
    bool operator==(const ParityPicture &) const = default;
};

/// What a person chose for the converted model in place of its implementation's own behaviour and of computing in F32.
struct ParityConditions
{
    Behaviour behaviour;
    Precision precision = Precision::F32;
    bool operator==(const ParityConditions &) const = default;
};

/// Everything that a comparison depends on.
struct ParityInput
{
    ParityReference reference;
    ParityPicture picture;
    double tolerance = toleranceF32;
    ParityConditions conditions;
    CheckpointPtr source, target; ///< null where files are compared
    std::vector<Rule> rules;
    bool operator==(const ParityInput &) const = default;
};

struct ParityResult
{
    ParityInput input;
    std::optional<ActivationParity> layers;
    std::optional<WeightParity> weights;
    double milliseconds = 0;
};

/// Compares in the background, and knows what can be compared and whether a result is out of date. Widget-free; GUI
/// thread only.
class ParityRun : public QObject
{
    Q_OBJECT
public:
    ParityRun(Session &session, ParityDoor door, QObject *parent = nullptr);
    ~ParityRun() override;

    const ParityReference &reference() const { return m_reference; }
    void setReference(const ParityReference &reference);
    const ParityPicture &picture() const { return m_picture; }
    void setPicture(const ParityPicture &picture);
    void setConditions(const ParityConditions &conditions);
    /// The chosen one, else what the target's type and the precision allow.
    double tolerance() const;
    void setTolerance(double tolerance);

    /// Why it cannot run, with what to do; empty when it can.
    QString blocked() const;
    bool needsMap() const; ///< the mapping's open keys are what blocks it
    void start();
    void cancel();
    bool isRunning() const { return !m_job.isNull(); }
    Job *job() const { return m_job; }

    /// Null until there is one; stays while a newer one is computed.
    std::shared_ptr<const ParityResult> result() const { return m_result; }
    bool isOutOfDate() const;
    const QString &error() const { return m_error; } ///< why the last run failed; empty otherwise

Q_SIGNALS:
    void changed(); ///< what can run, or is out of date
    void finished(); ///< a result, a failure, or cancelled

private:
    ParityInput input() const;
    void follow();

    Session &m_session;
    ParityDoor m_door;
    ParityReference m_reference;
    ParityPicture m_picture;
    ParityConditions m_conditions;
    std::optional<double> m_tolerance; ///< a person's
    std::shared_ptr<const ParityResult> m_result;
    QString m_error;
    QPointer<Job> m_job;
};

} // namespace rekey::ui
