// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rekey::ui {

/// A strip along an edge of a window (tool bar, status) in the window's colour, with a hairline towards what it frames.
class Strip : public QWidget
{
    Q_OBJECT
public:
    Strip(int height, Qt::Edge line, QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    Qt::Edge m_line;
};

} // namespace rekey::ui
