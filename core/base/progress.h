// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

namespace rekey {

/// Where a long function reports how far it is, and where a request to stop takes effect.
/// Core functions are synchronous and take a `const Progress &`; only a job knows threads.
/// Copies share one state. Thread-safe. A default-constructed one is silent and never cancels.
class Progress
{
public:
    /// `fraction` in 0..1, `what` a short present participle ("reading weights"). Called on the working thread,
    /// at most about 30 times a second.
    using Listener = std::function<void(double fraction, std::string_view what)>;

    Progress();
    Progress(std::stop_token stop, Listener listener);

    /// Reports done/total and throws Cancelled when a stop was requested. One line per loop.
    void step(std::uint64_t done, std::uint64_t total, std::string_view what = {}) const;
    /// Throws Cancelled when a stop was requested.
    void check() const;
    bool stopRequested() const;

    /// A Progress whose 0..1 is [begin, end] of this one.
    Progress part(double begin, double end) const;

private:
    struct State;
    std::shared_ptr<State> m_state;
    double m_begin = 0;
    double m_end = 1;
};

} // namespace rekey
