// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/paritymodel.h"

namespace rekey::ui {

/// The layers of a comparison, in depth order.
class LayersModel : public ParityModel
{
    Q_OBJECT
public:
    enum Column : int { Index, Layer, Accumulated, Isolated, Weights, Verdict, Reason };

    explicit LayersModel(QObject *parent = nullptr);

protected:
    int rowsOf(const ParityResult &result) const override;
    QVariant cell(const ParityResult &result, int row, int column, int role) const override;

private:
    QVariant text(const LayerParityRow &row, int number, int column) const;
    QVariant sortValue(const LayerParityRow &row, int number, int column) const;
    QString toolTip(const LayerParityRow &row) const;
};

} // namespace rekey::ui
