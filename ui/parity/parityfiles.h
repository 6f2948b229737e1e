// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"

#include <functional>
#include <optional>

class QWidget;

namespace rekey::ui {

class Settings;

// What the Parity room reads and writes: dialogs, and the jobs that write. Names are empty when the person cancelled.

/// The files that a comparison of this kind needs; nothing when the person cancelled.
std::optional<ParityReference> askReference(QWidget *window, Settings &settings, ParityReference::Kind kind);
QString askReportFile(QWidget *window, Session &session);
QString askCaptureFile(QWidget *window, Session &session);

Job *writeReport(Jobs &jobs, QObject *receiver, const std::shared_ptr<const ParityResult> &result, const QString &file,
                 std::function<void()> done);
/// The Python script that records activations of any torch module in the layout that is read here.
Job *writeCaptureScript(Jobs &jobs, QObject *receiver, const QString &file, std::function<void()> done);

} // namespace rekey::ui
