// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>

namespace rekey {

/// From now on Ctrl+C (and SIGTERM) asks the work to stop where it can leave nothing half-done; a second one ends the
/// program at once. Call once, before other threads exist: they inherit the blocked signals.
std::stop_token stopOnInterrupt();

} // namespace rekey
