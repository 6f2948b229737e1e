// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <QWidget>

#include <optional>

class QVBoxLayout;

namespace rekey::ui {

class PanelHeader;
class StatisticsTable;

/// What the file says of itself: format, root, totals, metadata.
class FileMetadataPanel : public QWidget
{
    Q_OBJECT
public:
    explicit FileMetadataPanel(QWidget *parent = nullptr);
    void setCheckpoint(const CheckpointPtr &checkpoint);

private:
    StatisticsTable *m_table;
};

/// What opening the file did and did not do, and what a pickle in it would ask Python for.
class FileSafetyPanel : public QWidget
{
    Q_OBJECT
public:
    explicit FileSafetyPanel(QWidget *parent = nullptr);
    /// `unusual`: NaN and infinite values in all tensors, once they are all measured.
    void setCheckpoint(const CheckpointPtr &checkpoint, std::optional<quint64> unusual);

private:
    void addLine(const QString &iconName, const QColor &ink, const QString &text, bool fixed = false);
    void addText(const QString &text);

    PanelHeader *m_header;
    QWidget *m_body = nullptr;
    QVBoxLayout *m_layout;
};

/// Tensors that lie in the same bytes as an earlier one.
std::size_t tiedTensors(const Schema &schema);

} // namespace rekey::ui
