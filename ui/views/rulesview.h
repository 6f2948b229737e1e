// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/rulesmodel.h"

#include <QPointer>
#include <QSet>
#include <QTreeView>

namespace rekey::ui {

class RuleDelegate;
class RuleEditor;
class Session;

/// The rules between the two trees. A row in edit grows and holds the one RuleEditor; the rule to review that is the
/// current one shows its candidates and their buttons.
class RulesView : public QTreeView
{
    Q_OBJECT
public:
    RulesView(Session &session, RulesModel *model, QWidget *parent = nullptr);

    RulesModel *rules() const { return m_model; }
    RuleEditor *editor() const;
    std::uint32_t editedRule() const;
    std::uint32_t currentRule() const; ///< also of a candidate's row; none for groups
    QModelIndex hovered() const { return m_hovered; }
    QList<QModelIndex> rowsInSight() const;
    /// The row that shows a rule: its own, or its group's when that is collapsed.
    QModelIndex shownRow(std::uint32_t rule) const;
    /// Makes it current without ruleChosen().
    void showRule(std::uint32_t rule);
    void editRule(std::uint32_t rule);
    void closeEditor();
    /// Also those of selected groups.
    std::vector<std::uint32_t> selectedRules() const;

Q_SIGNALS:
    void rowsMoved();
    void hoveredChanged();
    void ruleChosen(std::uint32_t rule);
    void ruleEdited(std::uint32_t rule, const rekey::Rule &next);
    void candidateAccepted(std::uint32_t rule, int candidate);
    void candidateChosen(std::uint32_t rule, int candidate);
    void compareAsked(std::uint32_t rule, int candidate);
    void nextAsked();
    void removeAsked(const std::vector<std::uint32_t> &rules);
    void acceptAsked(const std::vector<std::uint32_t> &rules);
    void menuAsked(std::uint32_t rule, const QPoint &globalPosition);

protected:
    void drawBranches(QPainter *, const QRect &, const QModelIndex &) const override {}
    bool viewportEvent(QEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    void updateGeometries() override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;
    void reset() override;

private:
    void openQuestion(std::uint32_t rule);
    void relayout();
    QWidget *makeActions(std::uint32_t rule);

    Session &m_session;
    RulesModel *m_model;
    RuleDelegate *m_delegate;
    QPointer<RuleEditor> m_editor;
    QPersistentModelIndex m_hovered;
    QSet<QString> m_collapsed; ///< groups, by their names
    std::uint32_t m_openQuestion = none;
    int m_scroll = 0;
    bool m_quiet = false;
};

} // namespace rekey::ui
