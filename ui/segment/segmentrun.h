// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/jobs/job.h"
#include "ui/segment/promptmodel.h"
#include "ui/segment/segmentengine.h"

#include <QImage>
#include <QObject>
#include <QPointer>
#include <QString>

#include <memory>
#include <optional>

namespace rekey::ui {

enum class Which : quint8 { Original, Converted };

/// Where one of the two models is.
struct ModelRun
{
    enum class Stage : quint8 {
        None, ///< there is nothing to run
        Blocked, ///< it cannot run yet; `message` says what to do
        Waiting, ///< it can run and has not
        Running,
        Ready,
        Failed, ///< `message` says why
    };
    Stage stage = Stage::None;
    QString message;
    bool outOfDate = false; ///< the result shown is of earlier weights, behaviour or picture
    QString description; ///< "SAM, depth 6, width 160, image 256"
    int imageSize = 0; ///< longest side that the model sees
    Behaviour behaviour;
    double loading = 0, encoding = 0, predicting = 0; ///< milliseconds
    bool cached = false; ///< the embedding came from the runtime's cache
    std::shared_ptr<const SegmentResult> result;
    std::vector<MaskPicture> masks;
    bool hasResult() const { return result && !result->masks.empty(); }
};

/// Runs the original and the converted model on one picture with the same prompts, and compares them. Widget-free:
/// knows what can run, what is out of date, and what is running. GUI thread only; models live on working threads.
class SegmentRun : public QObject
{
    Q_OBJECT
public:
    SegmentRun(Jobs &jobs, SegmentDoor door, QObject *parent = nullptr);
    ~SegmentRun() override;

    /// `weights` empty: it cannot run, and `blocked` says what to do (or nothing is open: empty).
    void setModel(Which which, std::optional<ModelWeights> weights, const QString &blocked = {});
    void setBehaviour(Which which, const Behaviour &overrides);
    const Behaviour &behaviourOverrides(Which which) const;
    void setTolerance(double tolerance) { m_tolerance = tolerance; }
    /// Device and precision of both models.
    void setCompute(const ComputeOptions &compute);
    const ComputeOptions &compute() const { return m_compute; }
    const SegmentDoor &door() const { return m_door; }
    /// What a job of one's own needs to run a model on the picture; empty when it cannot run.
    std::optional<SegmentTask> task(Which which) const;

    void setPicture(const std::filesystem::path &path);
    const std::filesystem::path &picturePath() const { return m_path; }
    const QImage &picture() const { return m_picture; } ///< null until it is read
    const QString &pictureError() const { return m_pictureError; }

    /// Newest wins: what is asked while a model computes is computed once, afterwards.
    void setPrompts(const Prompts &prompts);
    const Prompts &prompts() const { return m_prompts; }
    /// Everything that is out of date or missing, the embedding as well.
    void runBoth();
    void cancel();

    /// Whether prompts run by themselves: when everything is embedded, or was last time in a moment.
    bool runsByItself() const;
    bool canRun() const;
    bool isRunning() const { return !m_job.isNull() || !m_reading.isNull(); }
    Job *job() const { return m_job; }
    bool isCancelled() const { return m_cancelled; }

    const ModelRun &model(Which which) const { return state(which).run; }
    /// Of both models' candidate `index`; null until both have it.
    const Agreement *agreement(std::size_t index) const;
    std::size_t chosen() const { return m_chosen; }
    void choose(std::size_t index);
    std::size_t candidates() const;
    const std::optional<Runtime::Info> &info() const { return m_info; }

    /// What a click with these prompts would select, from the original if it is embedded; answers with previewReady.
    void preview(const Prompts &prompts);
    void endPreview();

Q_SIGNALS:
    void pictureChanged();
    void modelChanged(); ///< either one: stage, result
    void chosenChanged();
    void runningChanged();
    void enginesChanged(); ///< other weights, behaviour or device: what was computed with them is old
    void previewReady(const rekey::ui::MaskPicture &mask);

private:
    struct State
    {
        ModelRun run;
        std::optional<ModelWeights> weights;
        Behaviour overrides;
        std::shared_ptr<SegmentEngine> engine;
        bool engineIsCurrent = false; ///< its segmenter has these weights and this behaviour
        bool embedded = false; ///< this picture
        Prompts answered; ///< of run.result
        double lastTotal = 0; ///< milliseconds of the last whole run, 0: never
    };
    State &state(Which which) { return m_states[static_cast<int>(which)]; }
    const State &state(Which which) const { return m_states[static_cast<int>(which)]; }
    bool needsRun(Which which) const;
    void invalidate(State &state);
    void runNext();
    void start(Which which);
    void finish(Which which, SegmentOutcome outcome);
    void stop();

    Jobs &m_jobs;
    SegmentDoor m_door;
    State m_states[2];
    std::filesystem::path m_path;
    QImage m_picture;
    std::shared_ptr<const Image> m_image;
    QString m_pictureError;
    Prompts m_prompts;
    std::vector<Agreement> m_agreements;
    std::size_t m_chosen = 0;
    double m_tolerance = 1e-3;
    ComputeOptions m_compute {Precision::F32, "cpu", true};
    quint64 m_pictureNumber = 0, m_previewNumber = 0;
    bool m_wanted = false, m_cancelled = false;
    std::optional<Runtime::Info> m_info;
    QPointer<Job> m_job, m_reading;
    Which m_running = Which::Original;
};

} // namespace rekey::ui
