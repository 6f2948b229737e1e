// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/segmentrun.h"

#include <QImage>

namespace rekey::ui {

/// All masks of a picture ready to paint and to point at, made off the GUI thread.
struct EverythingPicture
{
    QImage colours; ///< premultiplied, a colour of its own for each mask, small ones on top
    std::vector<std::uint16_t> maskAt; ///< by pixel: 1 + index of the mask on top; 0: none
    int width = 0;
    /// The mask on top at a pixel; -1: none.
    int at(const QPoint &pixel) const;
};
EverythingPicture everythingPicture(const EverythingResult &result);

struct EverythingAnswer
{
    std::shared_ptr<const EverythingResult> result;
    EverythingPicture picture;
    QString error;
};

/// Segments everything with the models of a SegmentRun, one after the other. Widget-free; GUI thread only.
class EverythingRun : public QObject
{
    Q_OBJECT
public:
    EverythingRun(Jobs &jobs, SegmentRun &run, QObject *parent = nullptr);
    ~EverythingRun() override;

    const EverythingOptions &options() const { return m_options; }
    void setOptions(const EverythingOptions &options);
    void start();
    void cancel();
    bool canRun() const;
    bool isRunning() const { return !m_job.isNull(); }
    Job *job() const { return m_job; }
    /// Null until it ran on the present picture.
    const EverythingAnswer *answer(Which which) const;
    bool isOutOfDate() const; ///< the options changed since

Q_SIGNALS:
    void changed();

private:
    void runNext();
    void forget();

    Jobs &m_jobs;
    SegmentRun &m_run;
    EverythingOptions m_options, m_answered;
    std::optional<EverythingAnswer> m_answers[2];
    QList<Which> m_waiting;
    QPointer<Job> m_job;
};

} // namespace rekey::ui
