// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"

#include <QHash>
#include <QWidget>

namespace rekey::ui {

class KeyTreeView;
class RulesView;

/// The 48 px between a tree and the rules, with a curve from each row to the rule that covers it. Asks both views for
/// the rows in sight only.
class Gutter : public QWidget
{
    Q_OBJECT
public:
    Gutter(Side side, KeyTreeView &tree, RulesView &rules, Session &session, QWidget *parent = nullptr);

    /// A new resolution: which rule covers which row.
    void follow();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    struct Curve
    {
        std::uint32_t rule;
        double treeY, ruleY;
        bool ruleInSight, treeInSight;
    };
    std::vector<std::uint32_t> rulesBelow(std::uint32_t node) const;
    std::vector<Curve> curves() const;
    void paintCurve(QPainter &painter, const Curve &curve) const;
    void paintStub(QPainter &painter, double x, double y, bool towardsRight, bool up, const QPen &pen) const;
    QPen penOf(std::uint32_t rule) const;

    Side m_side;
    KeyTreeView &m_tree;
    RulesView &m_rules;
    Session &m_session;
    std::vector<std::uint32_t> m_ruleOfTensor, m_ruleOfNode; ///< node: one rule, none, or several (mixed)
    mutable QHash<std::uint32_t, std::vector<std::uint32_t>> m_below;
};

} // namespace rekey::ui
