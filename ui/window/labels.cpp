// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/labels.h"

#include "ui/theme/theme.h"

#include <QLabel>

namespace rekey::ui {

namespace {
constexpr int controlHeight = 28;
}

QLabel *quietLabel(const QString &text)
{
    auto *label = new QLabel(text);
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

QLabel *fieldLabel(const QString &text)
{
    QLabel *label = quietLabel(text);
    label->setMinimumHeight(controlHeight);
    return label;
}

} // namespace rekey::ui
