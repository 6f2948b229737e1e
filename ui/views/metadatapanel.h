// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QComboBox;
class QLineEdit;

namespace rekey::ui {

class CellView;
class FactsModel;
class PanelHeader;

/// Both sides beside each other: format, root (switchable), shards, shared bytes, and everything in the file that is no
/// tensor.
class MetadataPanel : public QWidget
{
    Q_OBJECT
public:
    explicit MetadataPanel(Session &session, QWidget *parent = nullptr);
    FactsModel *facts(Side side) const { return m_columns[static_cast<int>(side)].model; }
    QComboBox *root(Side side) const { return m_columns[static_cast<int>(side)].root; }

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Column
    {
        PanelHeader *header = nullptr;
        QComboBox *root = nullptr;
        QLineEdit *filter = nullptr;
        FactsModel *model = nullptr;
        CellView *view = nullptr;
    };
    QWidget *makeColumn(Side side);
    void follow(Side side);
    Session &m_session;
    Column m_columns[2];
};

} // namespace rekey::ui
