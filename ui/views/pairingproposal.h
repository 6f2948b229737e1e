// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/pairingplan.h"
#include "ui/document/session.h"

#include <QWidget>

class QLabel;

namespace rekey::ui {

class BindingsModel;
class CellView;
class ElidedLabel;
class PageButton;
class PanelHeader;
class SegmentedSwitch;

/// The rule to be, after a drop or Ctrl+L: what core inferred, every key that it would bind, and what that changes.
/// Nothing is done until it is applied.
class PairingProposal : public QWidget
{
    Q_OBJECT
public:
    explicit PairingProposal(PairingPlan plan, Session &session, QWidget *parent = nullptr);

    const PairingPlan::Variant &chosen() const;
    const PairingPlan &plan() const { return m_plan; }
    SegmentedSwitch *scopeSwitch() const { return m_scope; }
    BindingsModel *bindings() const { return m_bindings; }
    PageButton *applyButton() const { return m_apply; }
    QString effectText() const;

Q_SIGNALS:
    void chosenChanged();
    void applied();
    void discarded();
    void editAsked(const rekey::Rule &rule); ///< goes on by hand

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void changeEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void showChosen();
    void restyle();
    PairingPlan m_plan;
    Session &m_session;
    PanelHeader *m_header;
    SegmentedSwitch *m_scope;
    BindingsModel *m_bindings;
    CellView *m_view;
    class RuleLines;
    RuleLines *m_rules;
    QLabel *m_effectIcon;
    ElidedLabel *m_effect;
    PageButton *m_apply, *m_discard, *m_edit;
};

} // namespace rekey::ui
