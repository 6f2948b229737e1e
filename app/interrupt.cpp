// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/interrupt.h"

#include "app/terminal.h"

#include <csignal>
#include <thread>
#include <utility>

#include <unistd.h>

namespace rekey {

std::stop_token stopOnInterrupt()
{
    // A thread that waits for the signals may do what a handler may not: take the stop state's lock.
    static std::stop_source source;
    static bool watching = false;
    if (std::exchange(watching, true))
        return source.get_token();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([signals] {
        int received = 0;
        sigwait(&signals, &received);
        source.request_stop();
        sigwait(&signals, &received);
        _exit(ExitCancelled);
    }).detach();
    return source.get_token();
}

} // namespace rekey
