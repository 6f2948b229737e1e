// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPoint>

#include <optional>

namespace rekey::ui {

class Job;
class SegmentRun;
class StatusLine;

/// What the status strip of the Segment room says. `zoom` 1: a picture's pixel on a screen's.
/// `other`: a job beside the run that may be shown; null: none.
void showStatus(const SegmentRun &run, const Job *other, bool hasPrompts, const std::optional<QPoint> &pointer, double zoom,
                StatusLine &line);

} // namespace rekey::ui
