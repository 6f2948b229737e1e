// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/sidestatistics.h"

#include "core/base/error.h"
#include "ui/jobs/job.h"

#include <QElapsedTimer>

#include <atomic>

namespace rekey::ui {

namespace {

/// Above this, statistics wait until somebody asks for a tensor: reading a big file in the background would slow the rest.
constexpr std::uint64_t backgroundBytes = std::uint64_t(4) << 30;

} // namespace

/// Results of the worker, read by the GUI thread: a slot is written once, before its flag.
struct SideStatistics::Store
{
    explicit Store(std::size_t tensors)
        : values(tensors)
        , ready(tensors)
    {
    }
    std::vector<Statistics> values;
    std::vector<std::atomic<bool>> ready;
    std::atomic<std::size_t> count = 0;
    std::atomic<double> milliseconds = 0;
};

SideStatistics::SideStatistics(Jobs &jobs, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
{
}

SideStatistics::~SideStatistics()
{
    cancel();
}

void SideStatistics::cancel()
{
    if (m_reading)
        m_reading->cancel();
}

void SideStatistics::read(const CheckpointPtr &checkpoint, const QString &name)
{
    cancel();
    m_store = nullptr;
    if (!checkpoint || !checkpoint->hasValues())
        return;
    m_store = std::make_shared<Store>(checkpoint->tensors().size());
    m_reading = m_jobs.start(
        this, QStringLiteral("statistics"), tr("Reading values of %1").arg(name),
        [checkpoint, store = m_store](const Progress &progress) {
            std::uint64_t bytes = 0;
            for (const TensorEntry &tensor : checkpoint->tensors())
                bytes += tensor.bytes();
            if (bytes > backgroundBytes)
                return false;
            QElapsedTimer timer;
            timer.start();
            const std::size_t tensors = store->values.size();
            for (std::size_t i = 0; i < tensors; ++i) {
                progress.step(i, tensors, "reading values");
                // One unreadable tensor is not the end of the others; whoever selects it is told why.
                try {
                    if (isDecodable(checkpoint->tensors()[i].dtype))
                        store->values[i] = rekey::statistics(*checkpoint, i);
                } catch (const Error &) {
                    continue;
                }
                store->ready[i].store(true, std::memory_order_release);
                store->count.fetch_add(1);
            }
            store->milliseconds = static_cast<double>(timer.nsecsElapsed()) / 1e6;
            return true;
        },
        [this](bool) { Q_EMIT changed(); });
    connect(m_reading, &Job::progressed, this, &SideStatistics::changed);
}

const Statistics *SideStatistics::at(std::uint32_t tensor) const
{
    if (!m_store || tensor >= m_store->values.size() || !m_store->ready[tensor].load(std::memory_order_acquire))
        return nullptr;
    return &m_store->values[tensor];
}

std::size_t SideStatistics::count() const
{
    return m_store ? m_store->count.load() : 0;
}

double SideStatistics::milliseconds() const
{
    return m_store ? m_store->milliseconds.load() : 0;
}

} // namespace rekey::ui
