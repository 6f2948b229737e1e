// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/tensorreading.h"

#include <QWidget>

#include <optional>

class QLabel;

namespace rekey::ui {

class PanelHeader;
class StatisticsTable;

/// Statistics of the selected tensor with its own histogram.
class TensorPanel : public QWidget
{
    Q_OBJECT
public:
    explicit TensorPanel(QWidget *parent = nullptr);
    /// Nothing: what to do to see something.
    void setTensor(const CheckpointPtr &checkpoint, Side side, const std::optional<TensorReading> &reading);
    /// A node of several keys: what they hold together.
    void setGroup(const QString &path, quint64 keys, quint64 values, quint64 bytes);

private:
    class Bars;
    PanelHeader *m_header;
    Bars *m_bars;
    StatisticsTable *m_table;
    QLabel *m_message;
};

} // namespace rekey::ui
