// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/rulesedit.h"
#include "ui/document/session.h"
#include "ui/models/keyfilter.h"
#include "ui/models/rulesmodel.h"
#include "ui/window/room.h"

#include <QTimer>

class QSplitter;
class QStackedWidget;
class QVBoxLayout;

namespace rekey::ui {

class BottomPanel;
class EmptyState;
class KeyTreePanel;
class MapStatus;
class MapToolBar;
class PageButton;
class Pairing;
class PairingDrag;
class PanelHeader;
class RuleEditor;
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
    QList<QAction *> menuActions() override { return m_actions; }
    bool focusFilter() override;

    KeyTreePanel *panel(Side side) const { return side == Side::Source ? m_source : m_target; }
    RulesView *rules() const { return m_rules; }
    BottomPanel *bottom() const { return m_bottom; }
    MapToolBar *toolBar() const { return m_toolBar; }
    PairingDrag *drag() const { return m_drag; }
    ScriptPanel *script() const { return m_script; }
    RuleEditor *newRuleEditor() const;

    void nextQuestion(int step);
    void addRule(const Rule &draft = {});
    /// From the convert dialog: lists only keys of this status.
    void showOnly(Status status);
    void saveLayout();

Q_SIGNALS:
    void openAsked(rekey::ui::Side side);
    void architectureAsked();
    void convertAsked();
    void exportAsked(const QString &exporterId);
    void messageAsked(const QString &text, bool problem);

private:
    QWidget *makeMiddle();
    QWidget *makeRulesHeader();
    void makeBottom();
    void makeActions();
    QAction *addAction(const QString &text, const QString &iconName, const QKeySequence &key, std::function<void()> run);
    void followOpened();
    void followResolution();
    void followSelection();
    void updateMiddle();
    void recogniseSource();
    void applyFilter();
    void clearFilter();
    void select(Side side, const std::vector<std::uint32_t> &tensors);
    void removeRules(const std::vector<std::uint32_t> &rules);
    void acceptRules(const std::vector<std::uint32_t> &rules);
    void compareCandidate(std::uint32_t rule, int candidate);
    void pairWith();
    void nextPanel();
    void useUsualTarget();

    Session &m_session;
    RulesModel *m_rulesModel;
    RulesView *m_rules;
    KeyTreePanel *m_source, *m_target;
    PanelHeader *m_rulesHeader;
    QStackedWidget *m_middle;
    EmptyState *m_waiting, *m_noHits, *m_done;
    PageButton *m_useUsual, *m_openTarget, *m_clearFilter;
    BottomPanel *m_bottom;
    ScriptPanel *m_script;
    MapToolBar *m_toolBar;
    MapStatus *m_status;
    Pairing *m_pairing;
    PairingDrag *m_drag;
    QVBoxLayout *m_rulesColumn;
    QPointer<RuleEditor> m_newRule;
    QSplitter *m_columns, *m_rows;
    QTimer m_filterDelay;
    QList<QAction *> m_actions;
    QList<QWidget *> m_ruleTools; ///< in the rules' header, only with a pair
    KeyFilter m_filter;
    std::optional<Status> m_onlyStatus;
    std::optional<Side> m_origin; ///< of the selection; none: neither tree
    std::uint32_t m_selectAfterResolve = none;
    QString m_usualTargetText;
    std::shared_ptr<const Schema> m_usualTarget;
    bool m_noKeyPasses = false;
};

} // namespace rekey::ui
