// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace rekey::ui {

struct ParityResult;

/// The comparison as Markdown: verdict, what was compared, the layers and tensors that are not equal, all layers' errors.
QByteArray parityReport(const ParityResult &result);

} // namespace rekey::ui
