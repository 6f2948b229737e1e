// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace rekey::ui {

class PanelHeader;

/// A header over what it names, in a frame with round corners.
class Card : public QWidget
{
    Q_OBJECT
public:
    explicit Card(PanelHeader *header, QWidget *parent = nullptr); ///< takes the header
    void setContent(QWidget *content); ///< once; takes it

    PanelHeader &header() const { return *m_header; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    PanelHeader *m_header;
};

} // namespace rekey::ui
