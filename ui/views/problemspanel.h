// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QListView;
class QStackedWidget;

namespace rekey::ui {

class EmptyState;
class ProblemsModel;

/// What the resolution complains of; a click goes there.
class ProblemsPanel : public QWidget
{
    Q_OBJECT
public:
    ProblemsPanel(Session &session, QWidget *parent = nullptr);
    int count() const;

Q_SIGNALS:
    void countChanged(int count);

private:
    void follow();
    void goTo(const QModelIndex &index);
    Session &m_session;
    ProblemsModel *m_model;
    QListView *m_list;
    QStackedWidget *m_stack;
    EmptyState *m_empty;
};

} // namespace rekey::ui
