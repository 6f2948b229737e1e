// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace rekey {

/// Environment variables that the libraries under LibTorch read when they are loaded; none that is set already is changed. Call it before,
/// and while no other thread reads the environment.
void prepareLibraryEnvironment();

} // namespace rekey
