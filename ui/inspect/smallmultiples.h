// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/tensorreading.h"
#include "ui/window/choicewidget.h"

#include <optional>

namespace rekey::ui {

/// The selected tensor in every block: rows are blocks, columns the parts of a fused tensor. One range and one scale
/// in all, stated once below. A click selects that block's tensor.
class SmallMultiples : public ChoiceWidget
{
    Q_OBJECT
public:
    explicit SmallMultiples(QWidget *parent = nullptr);
    void setReading(const std::optional<TensorReading> &reading, Side side);

    QRect choiceRect(int row) const override;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {280, sizeHint().height()}; }

Q_SIGNALS:
    void chosen(std::uint32_t tensor);

protected:
    void paintEvent(QPaintEvent *event) override;
    int choiceCount() const override { return m_reading ? static_cast<int>(m_reading->rows.size()) : 0; }
    int currentChoice() const override;
    void pick(int row) override { Q_EMIT chosen(m_reading->rows[static_cast<std::size_t>(row)].tensor); }
    Qt::Orientation orientation() const override { return Qt::Vertical; }

private:
    QRect cellRect(int row, int column) const;
    int columns() const;
    int headHeight() const;
    void paintCell(QPainter &painter, const QRect &rect, const TensorReading::Cell &cell) const;
    void paintFoot(QPainter &painter) const;

    std::optional<TensorReading> m_reading;
    Side m_side = Side::Source;
};

} // namespace rekey::ui
