// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/paritymodel.h"

namespace rekey::ui {

/// The tensors of a comparison of weights, in the target's order.
class WeightsModel : public ParityModel
{
    Q_OBJECT
public:
    enum Column : int { Key, Rule, Verdict, Largest, Mean, Cosine, Reason };

    explicit WeightsModel(QObject *parent = nullptr);

protected:
    int rowsOf(const ParityResult &result) const override;
    QVariant cell(const ParityResult &result, int row, int column, int role) const override;

private:
    QVariant text(const WeightParityRow &row, int column) const;
    QVariant sortValue(const WeightParityRow &row, int column) const;
    QString toolTip(const WeightParityRow &row) const;
};

} // namespace rekey::ui
