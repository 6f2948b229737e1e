// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/jobs/job.h"

#include <QLabel>
#include <QTimer>
#include <QWidget>

#include <functional>
#include <utility>

namespace rekey::ui {

class PageButton;

/// What runs, in the status strip: title, progress, time left, Cancel. Shown for work longer than 300 ms.
class JobBar : public QWidget
{
    Q_OBJECT
public:
    explicit JobBar(Jobs &jobs, QWidget *parent = nullptr);
    /// The job that is shown beside it anyway.
    void setShownElsewhere(std::function<const Job *()> shown) { m_elsewhere = std::move(shown); }

private:
    class Stripe;
    void follow();
    Jobs &m_jobs;
    QPointer<Job> m_job;
    std::function<const Job *()> m_elsewhere;
    QLabel *m_title, *m_left;
    Stripe *m_stripe;
    PageButton *m_cancel;
    QTimer m_delay, m_refresh;
};

} // namespace rekey::ui
