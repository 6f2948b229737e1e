// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/agreement.h"

#include <QWidget>

#include <optional>

namespace rekey::ui {

class PanelHeader;

/// Mask IoU and largest difference of logits as figures, how many pixels differ, and |Δ logit| as a histogram.
class AgreementPanel : public QWidget
{
    Q_OBJECT
public:
    explicit AgreementPanel(QWidget *parent = nullptr);
    /// Without an agreement: `why` says what would show one.
    void setAgreement(const std::optional<Agreement> &agreement, const QString &why);

    /// "0.99995", "1": never rounded up to 1.
    static QString iouText(double iou);

private:
    class Body;
    PanelHeader *m_header;
    Body *m_body;
};

} // namespace rekey::ui
