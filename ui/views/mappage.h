// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/window/room.h"

class QSplitter;

namespace rekey::ui {

class KeyTreePanel;
class MapDocks;
class MapFiltering;
class MapStatus;
class MapToolBar;
class Pairing;
class PairingDrag;
class PairingProposal;
class RuleEditor;
class RuleEdits;
class RulesPanel;
class RulesView;
class ScriptPanel;
enum class Status : quint8;

/// The Map room: source keys, rules, target keys, and what is known about them below.
class MapPage : public Room
{
    Q_OBJECT
public:
    explicit MapPage(Session &session, QWidget *parent = nullptr);

    QWidget *toolBarWidget() override;
    QWidget *statusWidget() override;
    bool focusFilter() override;

    KeyTreePanel *panel(Side side) const { return side == Side::Source ? m_source : m_target; }
    RulesView *rules() const;
    RulesPanel *rulesPanel() const { return m_rules; }
    MapDocks *bottom() const { return m_docks; }
    MapToolBar *toolBar() const { return m_toolBar; }
    PairingDrag *drag() const { return m_drag; }
    PairingProposal *proposal() const;
    ScriptPanel *script() const;
    RuleEditor *newRuleEditor() const;
    RuleEdits &edits() const { return *m_edits; }

    void nextQuestion(int step);
    /// Selects these rules, the first as the current one: from where they were found to be at fault.
    void showRules(const std::vector<std::uint32_t> &faulty);
    /// From the convert dialog: lists only keys of this status.
    void showOnly(Status status);
    void showSafety();
    void saveLayout();

Q_SIGNALS:
    void openAsked(rekey::ui::Side side);
    void architectureAsked();
    void convertAsked();
    void exportAsked(const QString &exporterId);
    void messageAsked(const QString &text, bool problem);
    void roomAsked(); ///< one of its actions was used in another room
    void nothingOpen(); ///< a question was asked for, and none is left

private:
    void connectToolBar();
    void connectTrees();
    void connectRules();
    void makeActions();
    void followOpened();
    void followResolution();
    void followSelection();
    void followState();
    void showRuleMenu(std::uint32_t rule, const QPoint &at);
    void showKeyMenu(Side side, const QPoint &at);
    void acceptRules(const std::vector<std::uint32_t> &rules);
    void compareCandidate(std::uint32_t rule, int candidate);
    void pairWith();
    void nextPanel();

    Session &m_session;
    RuleEdits *m_edits;
    RulesPanel *m_rules;
    KeyTreePanel *m_source, *m_target;
    MapDocks *m_docks;
    MapToolBar *m_toolBar;
    MapStatus *m_status;
    MapFiltering *m_filtering;
    Pairing *m_pairing;
    PairingDrag *m_drag;
    QSplitter *m_columns, *m_rows;
    std::optional<Side> m_origin; ///< of the selection; none: neither tree
    std::uint32_t m_selectAfterResolve = none;
};

} // namespace rekey::ui
