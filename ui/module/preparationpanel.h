// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/preparation.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QSpinBox;

namespace rekey::ui {

/// How the picture becomes the module's input: size, fit, range, mean and deviation, order of the channels.
class PreparationPanel : public QWidget
{
    Q_OBJECT
public:
    explicit PreparationPanel(const ImagePreparation &preparation, QWidget *parent = nullptr);

    ImagePreparation preparation() const;

Q_SIGNALS:
    void preparationChanged(const rekey::ImagePreparation &preparation);

private:
    void emitChanged();
    QSpinBox *m_width, *m_height;
    QComboBox *m_fit, *m_range, *m_norm;
    QCheckBox *m_blueFirst;
};

} // namespace rekey::ui
