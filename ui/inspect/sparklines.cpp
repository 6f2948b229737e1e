// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/sparklines.h"

#include "core/base/error.h"
#include "core/inspect/statistics.h"
#include "ui/jobs/job.h"

#include <QTimer>

#include <algorithm>
#include <cmath>
#include <utility>

namespace rekey::ui {

namespace {

/// Rows counted in one job; more than a screen shows.
constexpr std::size_t mostAtOnce = 64;

bool countable(const Checkpoint &checkpoint, std::uint32_t tensor)
{
    const TensorEntry &entry = checkpoint.tensors()[tensor];
    return checkpoint.hasValues() && isDecodable(entry.dtype) && entry.elements() > 0;
}

} // namespace

Sparklines::Bars sparkline(const Checkpoint &checkpoint, const std::vector<std::uint32_t> &tensors)
{
    Sparklines::Bars bars = {};
    std::optional<ValueRange> range;
    for (const std::uint32_t tensor : tensors) {
        if (!countable(checkpoint, tensor))
            continue;
        const ValueRange own = displayRange(checkpoint, tensor);
        range = range ? united(*range, own) : own;
    }
    if (!range)
        return bars;
    std::array<std::uint64_t, Sparklines::bins> counts = {};
    for (const std::uint32_t tensor : tensors) {
        if (!countable(checkpoint, tensor))
            continue;
        const Histogram part = histogram(checkpoint, tensor, range->lower, range->upper, Sparklines::bins);
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += part.counts[i];
    }
    const std::uint64_t top = *std::max_element(counts.begin(), counts.end());
    for (std::size_t i = 0; top > 0 && i < counts.size(); ++i)
        bars[i] = static_cast<std::uint8_t>(std::ceil(255.0 * static_cast<double>(counts[i]) / static_cast<double>(top)));
    return bars;
}

Sparklines::Sparklines(Jobs &jobs, QObject *parent)
    : QObject(parent)
    , m_jobs(jobs)
{
}

void Sparklines::setCheckpoint(const CheckpointPtr &checkpoint)
{
    m_checkpoint = checkpoint;
    forgetRows();
}

void Sparklines::forgetRows()
{
    ++m_generation;
    m_bars.clear();
    m_requests.clear();
}

const Sparklines::Bars *Sparklines::bars(std::uint32_t id, const std::vector<std::uint32_t> &tensors)
{
    if (const auto known = m_bars.constFind(id); known != m_bars.constEnd())
        return &*known;
    if (!m_checkpoint || !m_checkpoint->hasValues() || tensors.empty())
        return nullptr;
    m_requests.push_back({id, tensors});
    if (!m_scheduled && !m_running) {
        m_scheduled = true;
        // After this paint, with all rows that it asked for.
        QTimer::singleShot(0, this, &Sparklines::start);
    }
    return nullptr;
}

void Sparklines::start()
{
    m_scheduled = false;
    if (m_running || m_requests.empty() || !m_checkpoint)
        return;
    if (m_requests.size() > mostAtOnce)
        m_requests.erase(m_requests.begin(), m_requests.end() - mostAtOnce);
    m_running = true;
    using Counted = std::vector<std::pair<std::uint32_t, Bars>>;
    Job *job = m_jobs.start(
        this, QStringLiteral("sparklines"), tr("Counting values"),
        [checkpoint = m_checkpoint, requests = std::exchange(m_requests, {})](const Progress &progress) {
            Counted counted;
            for (std::size_t i = 0; i < requests.size(); ++i) {
                progress.step(i, requests.size());
                try {
                    counted.emplace_back(requests[i].id, sparkline(*checkpoint, requests[i].tensors));
                } catch (const Error &) {
                    // A tensor that cannot be read has no bars; selecting it says why.
                    counted.emplace_back(requests[i].id, Bars{});
                }
            }
            return counted;
        },
        [this, generation = m_generation](const Counted &counted) {
            if (generation != m_generation)
                return;
            for (const auto &[id, bars] : counted)
                m_bars.insert(id, bars);
        });
    connect(job, &Job::finished, this, [this] {
        m_running = false;
        Q_EMIT changed();
        if (!m_requests.empty())
            start();
    });
}

} // namespace rekey::ui
