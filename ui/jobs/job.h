// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"

#include <QObject>
#include <QPointer>
#include <QString>

#include <any>
#include <functional>
#include <memory>

namespace rekey::ui {

/// Work off the GUI thread. Created and observed on the GUI thread only. Done, failed and cancelled are three outcomes;
/// exactly one of the three signals comes, on the GUI thread. This is the one place that catches core's exceptions.
class Job : public QObject
{
    Q_OBJECT
public:
    enum class State { Running, Done, Failed, Cancelled };

    const QString &title() const { return m_title; } ///< "Reading weights"
    State state() const { return m_state; }
    double fraction() const { return m_fraction; }
    QString what() const { return m_what; }
    QString timeLeft() const;                        ///< "2 min left"; empty while unknown
    const QString &error() const { return m_error; } ///< one sentence

public Q_SLOTS:
    void cancel();

Q_SIGNALS:
    void progressed(double fraction, const QString &what);
    void finished();  ///< after any outcome
    void failed(const QString &error);
    void cancelled();

private:
    friend class Jobs;
    explicit Job(QString title, QObject *parent);
    struct Shared;
    std::shared_ptr<Shared> m_shared;
    QString m_title, m_what, m_error;
    double m_fraction = 0;
    qint64 m_started = 0;
    State m_state = State::Running;
};

/// Starts jobs and knows the running ones, for the status strip.
class Jobs : public QObject
{
    Q_OBJECT
public:
    explicit Jobs(QObject *parent = nullptr);
    ~Jobs() override; ///< cancels and waits

    /// Runs `work` on a pool thread, then `done(result)` on the GUI thread, unless `receiver` is gone, the job was
    /// cancelled, or a newer job with the same non-empty `slot` was started for the same receiver (which cancels this one).
    template <typename Work, typename Done>
    Job *start(QObject *receiver, const QString &slot, const QString &title, Work work, Done done)
    {
        using Result = std::invoke_result_t<Work, const Progress &>;
        return startAny(
            receiver, slot, title,
            [work = std::move(work)](const Progress &progress) -> std::any {
                return std::make_any<std::shared_ptr<Result>>(std::make_shared<Result>(work(progress)));
            },
            [done = std::move(done)](std::any &result) { done(std::move(*std::any_cast<std::shared_ptr<Result> &>(result))); });
    }

    QList<Job *> running() const;

Q_SIGNALS:
    void changed(); ///< a job started or ended

private:
    Job *startAny(QObject *receiver, const QString &slot, const QString &title, std::function<std::any(const Progress &)> work,
                  std::function<void(std::any &)> done);
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace rekey::ui
