// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/rulesview.h"

#include "ui/document/session.h"
#include "ui/theme/theme.h"
#include "ui/views/ruledelegate.h"
#include "ui/views/ruleeditor.h"
#include "ui/window/pagebutton.h"

#include <QBoxLayout>
#include <QContextMenuEvent>
#include <QHoverEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScopedValueRollback>
#include <QScrollBar>

namespace rekey::ui {

namespace {

QString groupKey(const RulesModel::Group &group)
{
    return group.source + QLatin1Char('\n') + group.target;
}

} // namespace

RulesView::RulesView(Session &session, RulesModel *model, QWidget *parent)
    : QTreeView(parent)
    , m_session(session)
    , m_model(model)
    , m_delegate(new RuleDelegate(model, this))
{
    setItemDelegate(m_delegate);
    setModel(model);
    setHeaderHidden(true);
    setIndentation(0);
    setRootIsDecorated(false);
    setUniformRowHeights(false);
    setFrameShape(QFrame::NoFrame);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(NoEditTriggers);
    setExpandsOnDoubleClick(false);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn); // the header's labels stand over the columns
    setVerticalScrollMode(ScrollPerPixel);
    verticalScrollBar()->setSingleStep(RuleDelegate::rowHeight);
    setMouseTracking(true);
    viewport()->setAttribute(Qt::WA_Hover);
    setAccessibleName(tr("Rules"));
    connect(verticalScrollBar(), &QScrollBar::valueChanged, this, &RulesView::rowsMoved);
    connect(this, &QTreeView::expanded, this, [this](const QModelIndex &index) {
        if (m_model->node(index).kind == RulesModel::Kind::Group)
            m_collapsed.remove(groupKey(m_model->group(index)));
        Q_EMIT rowsMoved();
    });
    connect(this, &QTreeView::collapsed, this, [this](const QModelIndex &index) {
        if (m_model->node(index).kind == RulesModel::Kind::Group)
            m_collapsed.insert(groupKey(m_model->group(index)));
        Q_EMIT rowsMoved();
    });
    connect(model, &QAbstractItemModel::modelAboutToBeReset, this, [this] { m_scroll = verticalScrollBar()->value(); });
}

void RulesView::reset()
{
    m_delegate->setEditedRule(none);
    m_delegate->setHovered({});
    m_hovered = QModelIndex();
    m_openQuestion = none;
    QTreeView::reset(); // drops the index widgets
    {
        const QSignalBlocker quiet(this);
        for (int row = 0; row < m_model->rowCount(); ++row) {
            const QModelIndex group = m_model->indexOfGroup(row);
            setExpanded(group, !m_collapsed.contains(groupKey(m_model->group(group))));
        }
    }
    const auto &rules = m_model->mapping()->rules;
    for (std::uint32_t rule = 0; rule < rules.size(); ++rule) {
        if (rules[rule].state == RuleState::ToReview && m_model->indexOfRule(rule).isValid()) {
            openQuestion(rule);
            break;
        }
    }
    executeDelayedItemsLayout();
    verticalScrollBar()->setValue(m_scroll);
    Q_EMIT rowsMoved();
}

QList<QModelIndex> RulesView::rowsInSight() const
{
    QList<QModelIndex> rows;
    for (QModelIndex index = indexAt({4, 1}); index.isValid(); index = indexBelow(index)) {
        if (visualRect(index).top() >= viewport()->height())
            break;
        rows.append(index);
    }
    return rows;
}

QModelIndex RulesView::shownRow(std::uint32_t rule) const
{
    const QModelIndex index = m_model->indexOfRule(rule);
    return index.isValid() && !isExpanded(index.parent()) ? index.parent() : index;
}

RuleEditor *RulesView::editor() const
{
    return m_editor;
}

std::uint32_t RulesView::editedRule() const
{
    return m_editor ? m_delegate->editedRule() : none;
}

std::uint32_t RulesView::currentRule() const
{
    return currentIndex().isValid() ? m_model->node(currentIndex()).rule : none;
}

std::vector<std::uint32_t> RulesView::selectedRules() const
{
    std::vector<std::uint32_t> rules;
    for (const QModelIndex &index : selectionModel()->selectedIndexes()) {
        const RulesModel::Node &node = m_model->node(index);
        if (node.kind == RulesModel::Kind::Group)
            rules.insert(rules.end(), m_model->group(index).rules.begin(), m_model->group(index).rules.end());
        else
            rules.push_back(node.rule);
    }
    std::sort(rules.begin(), rules.end());
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
    return rules;
}

void RulesView::showRule(std::uint32_t rule)
{
    const QScopedValueRollback quiet(m_quiet, true);
    const QModelIndex index = m_model->indexOfRule(rule);
    if (!index.isValid()) {
        if (!m_editor)
            selectionModel()->clear();
        return;
    }
    if (currentRule() == rule)
        return;
    expand(index.parent());
    setCurrentIndex(index);
    openQuestion(rule);
    scrollTo(index);
}

void RulesView::openQuestion(std::uint32_t rule)
{
    if (rule >= m_model->mapping()->rules.size() || m_model->mapping()->rules[rule].state != RuleState::ToReview)
        return;
    const QModelIndex index = m_model->indexOfRule(rule);
    if (!index.isValid() || m_openQuestion == rule)
        return;
    if (m_openQuestion != none)
        collapse(m_model->indexOfRule(m_openQuestion));
    m_openQuestion = rule;
    expand(index);
    const QModelIndex actions = m_model->index(m_model->rowCount(index) - 1, 0, index);
    if (actions.isValid() && indexWidget(actions) == nullptr)
        setIndexWidget(actions, makeActions(rule));
}

QWidget *RulesView::makeActions(std::uint32_t rule)
{
    auto *bar = new QWidget;
    auto *row = new QHBoxLayout(bar);
    row->setContentsMargins(36, 0, 12, 0);
    row->setSpacing(8);
    const bool hasCandidates = !m_model->mapping()->rules[rule].candidates.empty();
    auto *accept = new PageButton(PageButton::Look::Primary, tr("Accept candidate"));
    auto *compare = new PageButton(PageButton::Look::Outlined, tr("Compare values"));
    auto *write = new PageButton(PageButton::Look::Outlined, tr("Write a rule…"));
    auto *next = new PageButton(PageButton::Look::Link, tr("Next"));
    next->setKeyCap(QStringLiteral("F7"));
    for (PageButton *button : {accept, compare, write})
        button->setSmall(true);
    accept->setEnabled(hasCandidates);
    compare->setEnabled(hasCandidates);
    accept->setObjectName(QStringLiteral("acceptCandidate"));
    for (PageButton *button : {accept, compare, write})
        row->addWidget(button);
    row->addStretch(1);
    row->addWidget(next);
    connect(accept, &QAbstractButton::clicked, this, [this, rule] { Q_EMIT candidateAccepted(rule, m_model->chosenCandidate(rule)); });
    connect(compare, &QAbstractButton::clicked, this, [this, rule] { Q_EMIT compareAsked(rule, m_model->chosenCandidate(rule)); });
    connect(write, &QAbstractButton::clicked, this, [this, rule] { editRule(rule); });
    connect(next, &QAbstractButton::clicked, this, &RulesView::nextAsked);
    return bar;
}

void RulesView::relayout()
{
    scheduleDelayedItemsLayout();
    executeDelayedItemsLayout();
    updateEditorGeometries();
    Q_EMIT rowsMoved();
}

void RulesView::editRule(std::uint32_t rule)
{
    const QModelIndex index = m_model->indexOfRule(rule);
    if (!index.isValid())
        return;
    closeEditor();
    if (m_openQuestion == rule) {
        collapse(index);
        m_openQuestion = none;
    }
    m_delegate->setEditedRule(rule);
    m_editor = new RuleEditor(m_session, viewport());
    m_editor->setRule(rule, m_model->mapping()->rules[rule]);
    connect(m_editor, &RuleEditor::discarded, this, [this] {
        closeEditor();
        setFocus();
    });
    connect(m_editor, &RuleEditor::applied, this, [this](std::uint32_t edited, const Rule &next) {
        closeEditor();
        setFocus();
        Q_EMIT ruleEdited(edited, next);
    });
    expand(index.parent());
    setIndexWidget(index, m_editor);
    relayout();
    scrollTo(index);
    m_editor->sources()->setFocus();
}

void RulesView::closeEditor()
{
    if (!m_editor)
        return;
    const QModelIndex index = m_model->indexOfRule(m_delegate->editedRule());
    m_delegate->setEditedRule(none);
    m_editor = nullptr;
    if (index.isValid())
        setIndexWidget(index, nullptr);
    relayout();
}

bool RulesView::viewportEvent(QEvent *event)
{
    QModelIndex over = m_hovered;
    if (event->type() == QEvent::HoverMove)
        over = indexAt(static_cast<QHoverEvent *>(event)->position().toPoint());
    else if (event->type() == QEvent::HoverLeave || event->type() == QEvent::Leave)
        over = QModelIndex();
    if (over != m_hovered) {
        m_hovered = over;
        m_delegate->setHovered(over);
        viewport()->update();
        Q_EMIT hoveredChanged();
    }
    return QTreeView::viewportEvent(event);
}

void RulesView::mousePressEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && index.isValid()) {
        const RulesModel::Node node = m_model->node(index);
        if (node.kind == RulesModel::Kind::Candidate) {
            m_model->chooseCandidate(node.rule, static_cast<int>(node.candidate));
            Q_EMIT candidateChosen(node.rule, static_cast<int>(node.candidate));
        } else if (node.kind == RulesModel::Kind::Group && event->position().x() < 28) {
            setExpanded(index, !isExpanded(index));
        }
    }
    QTreeView::mousePressEvent(event);
}

void RulesView::mouseDoubleClickEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->position().toPoint());
    if (!index.isValid())
        return;
    const RulesModel::Node node = m_model->node(index);
    if (node.kind == RulesModel::Kind::Rule)
        editRule(node.rule);
    else if (node.kind == RulesModel::Kind::Group)
        setExpanded(index, !isExpanded(index));
    else if (node.kind == RulesModel::Kind::Candidate)
        Q_EMIT candidateAccepted(node.rule, static_cast<int>(node.candidate));
}

void RulesView::keyPressEvent(QKeyEvent *event)
{
    const std::uint32_t rule = currentRule();
    const bool review = rule != none && m_model->mapping()->rules[rule].state == RuleState::ToReview;
    const int digit = event->key() - Qt::Key_1;
    if (review && digit >= 0 && digit < static_cast<int>(m_model->mapping()->rules[rule].candidates.size())
        && event->modifiers() == Qt::NoModifier) {
        m_model->chooseCandidate(rule, digit);
        Q_EMIT candidateChosen(rule, digit);
    } else if (event->key() == Qt::Key_F2 && rule != none) {
        editRule(rule);
    } else if (event->key() == Qt::Key_Delete && !selectedRules().empty()) {
        Q_EMIT removeAsked(selectedRules());
    } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        if (review && !m_model->mapping()->rules[rule].candidates.empty())
            Q_EMIT candidateAccepted(rule, m_model->chosenCandidate(rule));
        else if (!selectedRules().empty())
            Q_EMIT acceptAsked(selectedRules());
    } else {
        QTreeView::keyPressEvent(event);
    }
}

void RulesView::contextMenuEvent(QContextMenuEvent *event)
{
    const QModelIndex index = indexAt(event->pos());
    if (index.isValid())
        Q_EMIT menuAsked(m_model->node(index).rule, event->globalPos());
}

void RulesView::updateGeometries()
{
    QTreeView::updateGeometries();
    Q_EMIT rowsMoved();
}

void RulesView::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QTreeView::currentChanged(current, previous);
    const std::uint32_t rule = current.isValid() ? m_model->node(current).rule : none;
    if (m_quiet || rule == none)
        return;
    // Later: expanding moves rows while the press that made this one current is still being handled.
    QMetaObject::invokeMethod(this, [this, rule] { openQuestion(rule); }, Qt::QueuedConnection);
    Q_EMIT ruleChosen(rule);
}

} // namespace rekey::ui
