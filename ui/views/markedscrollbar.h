// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QScrollBar>
#include <QTimer>

#include <functional>
#include <vector>

namespace rekey::ui {

/// A scroll bar with marks where open questions lie.
class MarkedScrollBar : public QScrollBar
{
    Q_OBJECT
public:
    struct Mark
    {
        double place; ///< 0 top … 1 bottom
        QColor colour;
    };
    using Marks = std::function<std::vector<Mark>()>;

    MarkedScrollBar(Marks marks, QWidget *parent = nullptr);
    void marksChanged(); ///< they are asked for again, later and once

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    Marks m_ask;
    std::vector<Mark> m_marks;
    QTimer m_later;
};

} // namespace rekey::ui
