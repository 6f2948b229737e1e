// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/tensorreading.h"

#include <QWidget>

#include <optional>

namespace rekey::ui {

/// The selected tensor in every block: rows are blocks, columns the parts of a fused tensor. One range and one scale
/// in all, stated once below. A click selects that block's tensor.
class SmallMultiples : public QWidget
{
    Q_OBJECT
public:
    explicit SmallMultiples(QWidget *parent = nullptr);
    void setReading(const std::optional<TensorReading> &reading, Side side);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {280, sizeHint().height()}; }

Q_SIGNALS:
    void chosen(std::uint32_t tensor);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    int rowAt(const QPoint &position) const;
    QRect rowRect(int row) const;
    QRect cellRect(int row, int column) const;
    int columns() const;
    int headHeight() const;
    void paintCell(QPainter &painter, const QRect &rect, const TensorReading::Cell &cell) const;
    void paintFoot(QPainter &painter) const;

    std::optional<TensorReading> m_reading;
    Side m_side = Side::Source;
    int m_hovered = -1;
};

} // namespace rekey::ui
