// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/toolbarfit.h"

#include <QLayout>
#include <QWidget>

namespace rekey::ui {

void foldToFit(QWidget &bar, std::initializer_list<Fold> folds)
{
    for (const Fold &fold : folds)
        fold(false);
    for (const Fold &fold : folds) {
        if (bar.layout()->sizeHint().width() <= bar.width())
            return;
        fold(true);
    }
}

} // namespace rekey::ui
