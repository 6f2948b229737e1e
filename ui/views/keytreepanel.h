// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QWidget>

class QStackedWidget;

namespace rekey::ui {

class EmptyState;
class FailureCard;
class Gutter;
class KeyTreeModel;
class KeyTreeView;
class PanelHeader;
class RulesView;

/// One side of the Map room: header, key tree and gutter, or why there is none.
class KeyTreePanel : public QWidget
{
    Q_OBJECT
public:
    KeyTreePanel(Side side, Session &session, RulesView &rules, QWidget *parent = nullptr);

    KeyTreeView *view() const { return m_view; }
    KeyTreeModel *model() const { return m_model; }
    Gutter *gutter() const { return m_gutter; }
    FailureCard *failureCard() const { return m_failure; }
    /// New resolution: statuses and curves.
    void followResolution();
    /// Frames the partners of what was selected elsewhere.
    void showPartners(const std::vector<std::uint32_t> &tensors, bool reveal);

Q_SIGNALS:
    void openAsked();

private:
    void followOpened();
    void followPair();
    Side m_side;
    Session &m_session;
    KeyTreeModel *m_model;
    KeyTreeView *m_view;
    Gutter *m_gutter;
    PanelHeader *m_header;
    void alignWithPartners();
    QStackedWidget *m_stack;
    bool m_aligned = false; ///< once for a pair: rows do not move afterwards
    EmptyState *m_empty;
    FailureCard *m_failure;
};

} // namespace rekey::ui
