// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/tensorreading.h"

#include <QWidget>

class QLabel;

namespace rekey::ui {

class PanelHeader;
class SmallMultiples;

/// The middle of the Inspect room: the selected tensor in every block, and what is worth knowing about the family.
class BlocksPanel : public QWidget
{
    Q_OBJECT
public:
    explicit BlocksPanel(QWidget *parent = nullptr);

    void clear(Side side);
    void setReading(const TensorReading &reading, Side side, bool hasValues);

Q_SIGNALS:
    void chosen(std::uint32_t tensor);

private:
    PanelHeader *m_head;
    SmallMultiples *m_multiples;
    QLabel *m_notes, *m_notesIcon;
};

} // namespace rekey::ui
