// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/pairingplan.h"
#include "ui/document/session.h"

#include <QPointer>
#include <QWidget>

class QStackedWidget;
class QVBoxLayout;

namespace rekey::ui {

class EmptyState;
class MapFiltering;
class PageButton;
class PairingProposal;
class PanelHeader;
class RuleEditor;
class RuleEdits;
class RulesModel;
class RulesView;
class UsualTarget;

/// The middle of the Map room: the rules under their header, or what there is to do while there are none; above them a
/// rule being written or a pairing being proposed.
class RulesPanel : public QWidget
{
    Q_OBJECT
public:
    RulesPanel(Session &session, RuleEdits &edits, QWidget *parent = nullptr);

    RulesModel *model() const { return m_model; }
    RulesView *view() const { return m_view; }
    RuleEditor *newRuleEditor() const;
    PairingProposal *proposal() const;

    /// Empty: begins with the selected keys.
    void addRule(const Rule &draft = {});
    void propose(const PairingPlan &plan);
    void closeProposal();
    /// What the filter left over; also after a new mapping.
    void follow(const MapFiltering &filtering);

Q_SIGNALS:
    void openAsked(rekey::ui::Side side);
    void architectureAsked();
    void convertAsked();
    void clearFilterAsked();
    void filterAsked(const QString &text);
    void proposalChanged(); ///< also when it is gone

private:
    QWidget *makeHeader();
    void makeStates();
    void showWaiting();
    void showRules(const MapFiltering &filtering);

    Session &m_session;
    RuleEdits &m_edits;
    RulesModel *m_model;
    RulesView *m_view;
    UsualTarget *m_usual;
    PanelHeader *m_header;
    QStackedWidget *m_stack;
    EmptyState *m_waiting, *m_noHits, *m_done;
    PageButton *m_useUsual, *m_open;
    QVBoxLayout *m_column;
    QList<QWidget *> m_tools; ///< in the header, only with a pair
    QPointer<RuleEditor> m_newRule;
    QPointer<PairingProposal> m_proposal;
    QString m_closest;
};

} // namespace rekey::ui
