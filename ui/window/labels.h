// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QLabel;

namespace rekey::ui {

/// Secondary text in quiet ink.
QLabel *quietLabel(const QString &text = {});
/// The same before a field of a form: as high as a control, so that the two stand on one line.
QLabel *fieldLabel(const QString &text);

} // namespace rekey::ui
