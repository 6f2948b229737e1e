// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rekey::ui {

/// Names the two series of the depth plot with their marks.
class ParityLegend : public QWidget
{
    Q_OBJECT
public:
    explicit ParityLegend(QWidget *parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_accumulated, m_isolated;
};

} // namespace rekey::ui
