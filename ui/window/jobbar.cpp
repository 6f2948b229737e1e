// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/jobbar.h"

#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"

#include <QBoxLayout>
#include <QPainter>

#include <algorithm>

namespace rekey::ui {

namespace {
constexpr int delay = 300; ///< ms
}

class JobBar::Stripe : public QWidget
{
public:
    Stripe() { setFixedSize(120, 6); }
    void setFraction(double fraction)
    {
        m_fraction = std::clamp(fraction, 0.0, 1.0);
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.line);
        painter.drawRoundedRect(rect(), 3, 3);
        painter.setBrush(theme.accent);
        painter.drawRoundedRect(QRectF(0, 0, std::max(6.0, width() * m_fraction), height()), 3, 3);
    }

private:
    double m_fraction = 0;
};

JobBar::JobBar(Jobs &jobs, QWidget *parent)
    : QWidget(parent)
    , m_jobs(jobs)
    , m_title(new QLabel)
    , m_left(new QLabel)
    , m_stripe(new Stripe)
    , m_cancel(new PageButton(PageButton::Look::Link, tr("Cancel")))
{
    m_title->setFont(secondaryFont());
    m_left->setFont(secondaryFont());
    m_left->setForegroundRole(QPalette::PlaceholderText);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_title);
    row->addWidget(m_stripe);
    row->addWidget(m_left);
    row->addWidget(m_cancel);
    hide();
    m_delay.setSingleShot(true);
    m_delay.setInterval(delay);
    m_refresh.setInterval(100);
    connect(&m_delay, &QTimer::timeout, this, &JobBar::follow);
    connect(&m_refresh, &QTimer::timeout, this, &JobBar::follow);
    connect(&jobs, &Jobs::changed, this, [this] {
        if (m_jobs.running().isEmpty())
            follow();
        else if (!m_delay.isActive() && !m_refresh.isActive())
            m_delay.start();
    });
    connect(m_cancel, &QAbstractButton::clicked, this, [this] {
        if (m_job)
            m_job->cancel();
    });
}

void JobBar::follow()
{
    const QList<Job *> running = m_jobs.running();
    const Job *elsewhere = m_elsewhere ? m_elsewhere() : nullptr;
    // The oldest one: it is the one that a person waits for.
    const auto oldest = std::find_if(running.begin(), running.end(), [&](const Job *job) { return job != elsewhere; });
    m_job = oldest == running.end() ? nullptr : *oldest;
    setVisible(m_job != nullptr);
    if (running.isEmpty()) {
        m_refresh.stop();
        m_delay.stop();
        return;
    }
    m_refresh.start();
    if (!m_job)
        return;
    m_title->setText(m_job->title());
    m_stripe->setFraction(m_job->fraction());
    m_left->setText(m_job->timeLeft());
}

} // namespace rekey::ui
