// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace rekey {

/// Loads the window (librekey-ui.so, beside librekey-core.so) and runs it with these arguments until it is closed. Where
/// it is not installed, no display is there, or an argument names no file: one sentence on stderr, exit code 2 or 3.
int openWindow(int argc, char **argv);

} // namespace rekey
