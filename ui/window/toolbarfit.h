// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <initializer_list>

class QWidget;

namespace rekey::ui {

/// One thing that a tool bar gives up where it is narrow: called with true to give it up, with false to have it back.
using Fold = std::function<void(bool folded)>;

/// Takes back every fold, then folds one after the other, as few as let the bar's layout fit the bar's width. For resizeEvent, and for
/// when a text in the bar changes. The layout must not impose its smallest size on the bar (QLayout::SetNoConstraint).
void foldToFit(QWidget &bar, std::initializer_list<Fold> folds);

} // namespace rekey::ui
