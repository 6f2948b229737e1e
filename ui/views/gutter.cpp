// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/gutter.h"

#include "ui/theme/theme.h"
#include "ui/views/keytreeview.h"
#include "ui/views/rulesview.h"

#include <QPainter>
#include <QPainterPath>

#include <set>

namespace rekey::ui {

namespace {

constexpr std::uint32_t mixed = none - 1;
constexpr std::size_t mostCurvesOfNode = 6;
constexpr double stubLength = 12;

} // namespace

Gutter::Gutter(Side side, KeyTreeView &tree, RulesView &rules, Session &session, QWidget *parent)
    : QWidget(parent)
    , m_side(side)
    , m_tree(tree)
    , m_rules(rules)
    , m_session(session)
{
    setFixedWidth(48);
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    const auto again = [this] { update(); };
    connect(&tree, &KeyTreeView::rowsMoved, this, again);
    connect(&tree, &KeyTreeView::hoveredChanged, this, again);
    connect(&rules, &RulesView::rowsMoved, this, again);
    connect(&rules, &RulesView::hoveredChanged, this, again);
    connect(&session, &Session::selectionChanged, this, again);
}

void Gutter::follow()
{
    m_below.clear();
    m_ruleOfTensor.clear();
    m_ruleOfNode.clear();
    const auto &tree = m_tree.keys()->tree();
    const auto resolution = m_session.document().resolution();
    update();
    if (!tree || !resolution)
        return;
    if (m_side == Side::Source) {
        for (const SourceOutcome &outcome : resolution->sources)
            m_ruleOfTensor.push_back(outcome.rule);
    } else {
        for (const TargetOutcome &outcome : resolution->targets)
            m_ruleOfTensor.push_back(outcome.rule);
    }
    constexpr std::uint32_t unset = none - 2;
    m_ruleOfNode.assign(tree->nodes.size(), unset);
    for (std::uint32_t node = 0; node < tree->nodes.size(); ++node) {
        for (const std::uint32_t tensor : tree->nodes[node].tensors) {
            if (tensor >= m_ruleOfTensor.size())
                continue;
            const std::uint32_t rule = m_ruleOfTensor[tensor];
            for (std::uint32_t up = node;; up = tree->nodes[up].parent) {
                std::uint32_t &known = m_ruleOfNode[up];
                if (known == rule || known == mixed)
                    break;
                known = known == unset ? rule : mixed;
                if (up == KeyTree::root)
                    break;
            }
        }
    }
}

std::vector<std::uint32_t> Gutter::rulesBelow(std::uint32_t node) const
{
    const auto known = m_below.constFind(node);
    if (known != m_below.constEnd())
        return *known;
    std::set<std::uint32_t> rules;
    for (const std::uint32_t tensor : m_tree.keys()->tree()->tensorsBelow(node)) {
        if (tensor < m_ruleOfTensor.size() && m_ruleOfTensor[tensor] != none)
            rules.insert(m_ruleOfTensor[tensor]);
    }
    std::vector<std::uint32_t> below(rules.begin(), rules.end());
    m_below.insert(node, below);
    return below;
}

std::vector<Gutter::Curve> Gutter::curves() const
{
    std::vector<Curve> found;
    const auto &tree = m_tree.keys()->tree();
    if (!tree || m_ruleOfNode.size() != tree->nodes.size())
        return found;
    const int treeOffset = mapFromGlobal(m_tree.viewport()->mapToGlobal(QPoint(0, 0))).y();
    const int ruleOffset = mapFromGlobal(m_rules.viewport()->mapToGlobal(QPoint(0, 0))).y();
    const int rulesHeight = m_rules.viewport()->height();
    std::set<std::uint32_t> drawn;
    const auto add = [&](std::uint32_t rule, double treeY, bool treeInSight) {
        const QModelIndex row = m_rules.shownRow(rule);
        if (!row.isValid())
            return;
        const QRect place = m_rules.visualRect(row);
        const double half = std::min(place.height(), 28) / 2.0;
        const bool seen = place.bottom() > 4 && place.top() < rulesHeight - 4;
        if (!seen && !treeInSight)
            return;
        // A row in edit is tall: the curve goes to its patterns.
        found.push_back({rule, treeY, ruleOffset + place.top() + (rule == m_rules.editedRule() ? 21 : half), seen, treeInSight});
        drawn.insert(rule);
    };
    for (const QModelIndex &index : m_tree.rowsInSight()) {
        const std::uint32_t node = m_tree.keys()->nodeOf(index);
        const std::uint32_t rule = m_ruleOfNode[node];
        const double y = treeOffset + m_tree.visualRect(index).center().y() + 1;
        const std::uint32_t parent = tree->nodes[node].parent;
        if (rule < mixed - 1) {
            if (parent == KeyTree::root || m_ruleOfNode[parent] != rule)
                add(rule, y, true);
        } else if (rule == mixed && !(m_tree.isExpanded(index) && m_tree.keys()->rowCount(index) > 0)) {
            const auto below = rulesBelow(node);
            std::set<QModelIndex> rows; // several rules of one collapsed group are one curve
            for (std::size_t i = 0; i < below.size() && rows.size() < mostCurvesOfNode; ++i) {
                if (rows.insert(m_rules.shownRow(below[i])).second)
                    add(below[i], y, true);
            }
        }
    }
    for (const QModelIndex &index : m_rules.rowsInSight()) {
        const RulesModel::Node &node = m_rules.rules()->node(index);
        if (node.kind != RulesModel::Kind::Rule || drawn.contains(node.rule))
            continue;
        const auto tensor = std::find(m_ruleOfTensor.begin(), m_ruleOfTensor.end(), node.rule);
        if (tensor == m_ruleOfTensor.end())
            continue;
        const std::uint32_t leaf = tree->leafOf[static_cast<std::size_t>(tensor - m_ruleOfTensor.begin())];
        const QModelIndex row = m_tree.shownRow(leaf);
        if (row.isValid())
            add(node.rule, treeOffset + m_tree.visualRect(row).center().y(), false);
    }
    return found;
}

QPen Gutter::penOf(std::uint32_t rule) const
{
    const Theme theme = Theme::of(palette());
    const Status status = m_rules.rules()->status(rule);
    QColor colour = theme.status(status).foreground;
    const bool edited = rule == m_rules.editedRule();
    const bool selected = m_session.selection().rule == rule || edited;
    const QModelIndex hovered = m_rules.hovered();
    const bool over = hovered.isValid() && m_rules.rules()->node(hovered).rule == rule;
    if (!selected && !over)
        colour = mix(theme.base, colour, 0.55);
    QPen pen(edited ? theme.accent : colour, selected || over ? 2 : 1.25);
    pen.setCapStyle(Qt::FlatCap);
    if (edited)
        pen.setDashPattern({1.2, 1.6});
    else if (status == Status::ToReview)
        pen.setDashPattern({4 / pen.widthF(), 3 / pen.widthF()});
    return pen;
}

void Gutter::paintStub(QPainter &painter, double x, double y, bool towardsRight, bool up, const QPen &pen) const
{
    const double end = x + (towardsRight ? stubLength : -stubLength);
    const double tip = y + (up ? -6 : 6), wing = up ? 3 : -3;
    QPainterPath path(QPointF(x, y));
    path.quadTo(QPointF(end, y), QPointF(end, tip));
    painter.setPen(pen);
    painter.drawPath(path);
    QPen solid = pen;
    solid.setStyle(Qt::SolidLine);
    painter.setPen(solid);
    painter.drawPolyline(QPolygonF({QPointF(end - 3, tip + wing), QPointF(end, tip), QPointF(end + 3, tip + wing)}));
}

void Gutter::paintCurve(QPainter &painter, const Curve &curve) const
{
    const double treeX = m_side == Side::Source ? 0 : width(), ruleX = m_side == Side::Source ? width() : 0;
    const QPen pen = penOf(curve.rule);
    if (!curve.ruleInSight) {
        paintStub(painter, treeX, curve.treeY, m_side == Side::Source, curve.ruleY < curve.treeY, pen);
        return;
    }
    if (!curve.treeInSight) {
        paintStub(painter, ruleX, curve.ruleY, m_side == Side::Target, curve.treeY < curve.ruleY, pen);
        return;
    }
    QPainterPath path(QPointF(treeX, curve.treeY));
    const double middle = width() / 2.0;
    path.cubicTo(QPointF(middle, curve.treeY), QPointF(middle, curve.ruleY), QPointF(ruleX, curve.ruleY));
    painter.setPen(pen);
    painter.drawPath(path);
}

void Gutter::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    std::vector<Curve> all = curves();
    // What is selected or asked lies on top.
    std::stable_sort(all.begin(), all.end(), [this](const Curve &a, const Curve &b) {
        const auto rank = [this](const Curve &curve) {
            return (m_session.selection().rule == curve.rule ? 2 : 0) + (m_rules.rules()->status(curve.rule) == Status::ToReview ? 1 : 0);
        };
        return rank(a) < rank(b);
    });
    for (const Curve &curve : all)
        paintCurve(painter, curve);
}

} // namespace rekey::ui
