// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QLabel;
class QStackedWidget;

namespace rekey::ui {

class CellView;
class EmptyState;
class GlobalsModel;
class PanelHeader;

/// What the files would import or call if they were unpickled, worst first, and where it stands. Nothing of it was done.
class SafetyPanel : public QWidget
{
    Q_OBJECT
public:
    explicit SafetyPanel(Session &session, QWidget *parent = nullptr);
    GlobalsModel *globals(Side side) const { return m_columns[static_cast<int>(side)].model; }
    QString sentence(Side side) const;

Q_SIGNALS:
    /// Names on both sides that are not known to be harmless.
    void doubtfulChanged(int names);

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Column
    {
        PanelHeader *header = nullptr;
        QLabel *sentence = nullptr;
        GlobalsModel *model = nullptr;
        CellView *view = nullptr;
        int doubtful = 0;
    };
    QWidget *makeColumn(Side side);
    void follow(Side side);
    Session &m_session;
    Column m_columns[2];
};

} // namespace rekey::ui
