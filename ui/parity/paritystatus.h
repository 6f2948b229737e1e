// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace rekey::ui {

class ParityRun;
class StatusLine;
struct ParityResult;

/// What the status strip of the Parity room says: progress, or how many of each verdict. `shown` may be null.
void showStatus(const ParityRun &run, const ParityResult *shown, StatusLine &line);

} // namespace rekey::ui
