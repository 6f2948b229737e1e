// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/job.h"

#include "core/base/error.h"

#include <QDateTime>
#include <QThreadPool>

#include <new>
#include <stop_token>

namespace rekey::ui {

/// What the worker and the GUI thread share; outlives both.
struct Job::Shared
{
    std::stop_source stop;
    std::any result;
    QString error;
    State outcome = State::Running;
};

Job::Job(QString title, QObject *parent)
    : QObject(parent)
    , m_shared(std::make_shared<Shared>())
    , m_title(std::move(title))
    , m_started(QDateTime::currentMSecsSinceEpoch())
{
}

QString Job::timeLeft() const
{
    const double elapsed = static_cast<double>(QDateTime::currentMSecsSinceEpoch() - m_started);
    // The first second and the first hundredth say nothing reliable.
    if (elapsed < 1000 || m_fraction < 0.01 || m_state != State::Running)
        return {};
    const double seconds = elapsed / 1000 * (1 - m_fraction) / m_fraction;
    if (seconds < 1)
        return {};
    if (seconds < 90)
        return tr("%1 s left").arg(qRound(seconds));
    return tr("%1 min left").arg(qRound(seconds / 60));
}

void Job::cancel()
{
    m_shared->stop.request_stop();
}

struct Jobs::Private
{
    QThreadPool pool;
    QList<Job *> running;
    std::map<std::pair<QObject *, QString>, QPointer<Job>> slotJobs;
};

Jobs::Jobs(QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    // One more than the cores, so that a long conversion does not keep a keystroke's work waiting.
    d->pool.setMaxThreadCount(std::max(3, QThread::idealThreadCount() + 1));
}

Jobs::~Jobs()
{
    for (Job *job : std::as_const(d->running))
        job->cancel();
    d->pool.waitForDone();
}

QList<Job *> Jobs::running() const
{
    return d->running;
}

Job *Jobs::startAny(QObject *receiver, const QString &slot, const QString &title, std::function<std::any(const Progress &)> work,
                    std::function<void(std::any &)> done)
{
    auto *job = new Job(title, this);
    if (!slot.isEmpty()) {
        QPointer<Job> &current = d->slotJobs[{receiver, slot}];
        if (current)
            current->cancel();
        current = job;
    }
    d->running.append(job);
    const auto shared = job->m_shared;
    QPointer<QObject> alive(receiver);
    QPointer<Job> pointer(job);

    const auto finish = [this, pointer, alive, shared, receiver, slot, done = std::move(done)] {
        Job *const ended = pointer;
        d->running.removeOne(ended);
        const auto current = d->slotJobs.find({receiver, slot});
        if (current != d->slotJobs.end() && current->second == pointer)
            d->slotJobs.erase(current);
        // A request to stop that came too late for the worker still counts: nobody waits for the result any more.
        if (shared->stop.stop_requested() || !alive)
            shared->outcome = Job::State::Cancelled;
        ended->m_state = shared->outcome;
        ended->m_error = shared->error;
        if (shared->outcome == Job::State::Done)
            done(shared->result);
        else if (shared->outcome == Job::State::Failed)
            Q_EMIT ended->failed(shared->error);
        else
            Q_EMIT ended->cancelled();
        Q_EMIT ended->finished();
        Q_EMIT changed();
        ended->deleteLater();
    };
    const auto report = [this, pointer](double fraction, std::string_view what) {
        QMetaObject::invokeMethod(
            this,
            [pointer, fraction, text = QString::fromUtf8(what.data(), static_cast<qsizetype>(what.size()))] {
                if (!pointer || pointer->m_state != Job::State::Running)
                    return;
                pointer->m_fraction = fraction;
                if (!text.isEmpty())
                    pointer->m_what = text;
                Q_EMIT pointer->progressed(fraction, pointer->m_what);
            },
            Qt::QueuedConnection);
    };
    d->pool.start([this, shared, report, finish, work = std::move(work)] {
        try {
            const Progress progress(shared->stop.get_token(), report);
            progress.check();
            shared->result = work(progress);
            shared->outcome = Job::State::Done;
        } catch (const Cancelled &) {
            shared->outcome = Job::State::Cancelled;
        } catch (const std::bad_alloc &) {
            shared->outcome = Job::State::Failed;
            shared->error = QObject::tr("There is not enough memory for this.");
        } catch (const std::exception &error) {
            shared->outcome = Job::State::Failed;
            shared->error = QString::fromUtf8(error.what());
        }
        QMetaObject::invokeMethod(this, finish, Qt::QueuedConnection);
    });
    Q_EMIT changed();
    return job;
}

} // namespace rekey::ui
