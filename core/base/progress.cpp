// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/progress.h"

#include "core/base/error.h"

#include <atomic>
#include <chrono>
#include <mutex>

namespace rekey {

using Clock = std::chrono::steady_clock;
constexpr auto quietTime = std::chrono::milliseconds(33);

struct Progress::State
{
    std::stop_token stop;
    Listener listener;
    std::mutex mutex;
    std::atomic<Clock::rep> nextReport = 0;
};

Progress::Progress() = default;

Progress::Progress(std::stop_token stop, Listener listener)
    : m_state(std::make_shared<State>())
{
    m_state->stop = std::move(stop);
    m_state->listener = std::move(listener);
}

void Progress::step(std::uint64_t done, std::uint64_t total, std::string_view what) const
{
    check();
    if (!m_state || !m_state->listener)
        return;
    const auto now = Clock::now().time_since_epoch();
    if (done < total && now.count() < m_state->nextReport)
        return;
    m_state->nextReport = (now + Clock::duration(quietTime)).count();
    const double fraction = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
    const std::lock_guard lock(m_state->mutex);
    m_state->listener(m_begin + fraction * (m_end - m_begin), what);
}

void Progress::check() const
{
    if (stopRequested())
        throw Cancelled();
}

bool Progress::stopRequested() const
{
    return m_state && m_state->stop.stop_requested();
}

Progress Progress::part(double begin, double end) const
{
    Progress piece = *this;
    piece.m_begin = m_begin + begin * (m_end - m_begin);
    piece.m_end = m_begin + end * (m_end - m_begin);
    return piece;
}

} // namespace rekey
