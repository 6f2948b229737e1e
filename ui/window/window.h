// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Shows the window and returns its exit code. `argv` is [program, paths…] or [program, "--demo"]: up to two
/// checkpoints (source, target) and a mapping (*.rekey.json), in any order. app/main finds it with dlsym, so that
/// listing commands start without Qt.
extern "C" int rekeyWindow(int argc, char **argv);
