// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/models/keyfilter.h"

#include <QTimer>

namespace rekey::ui {

class KeyTreePanel;
class MapToolBar;
class RulesModel;

/// The filter of the Map room: what the tool bar says, evaluated off the GUI thread, on both trees and the rules.
class MapFiltering : public QObject
{
    Q_OBJECT
public:
    MapFiltering(Session &session, MapToolBar &toolBar, KeyTreePanel &source, KeyTreePanel &target, RulesModel &rules,
                 QObject *parent = nullptr);

    const KeyFilter &filter() const { return m_filter; }
    bool noKeyPasses() const { return m_noKeyPasses; }
    /// Near the text, when no key has it.
    const std::optional<ClosestTerm> &closest() const { return m_closest; }

    void showOnly(Status status); ///< keys of this status
    void setText(const QString &text);
    void clear();
    void forget(); ///< another pair: without touching the trees
    void again();  ///< after a new resolution

Q_SIGNALS:
    void applied();

private:
    void apply();
    Session &m_session;
    MapToolBar &m_toolBar;
    KeyTreePanel &m_source, &m_target;
    RulesModel &m_rules;
    QTimer m_delay;
    KeyFilter m_filter;
    std::optional<Status> m_onlyStatus;
    std::optional<ClosestTerm> m_closest;
    bool m_noKeyPasses = false;
};

} // namespace rekey::ui
