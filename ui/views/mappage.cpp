// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/mappage.h"

#include "ui/document/ruleedits.h"
#include "ui/document/rulesedit.h"
#include "ui/inspect/histogramdock.h"
#include "ui/models/keytreemodel.h"
#include "ui/models/rulesmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/keytreeview.h"
#include "ui/views/mapdocks.h"
#include "ui/views/mapfiltering.h"
#include "ui/views/mapstatus.h"
#include "ui/views/maptoolbar.h"
#include "ui/views/pairdialog.h"
#include "ui/views/pairing.h"
#include "ui/views/pairingproposal.h"
#include "ui/views/problemspanel.h"
#include "ui/views/rulespanel.h"
#include "ui/views/rulesview.h"
#include "ui/views/safetypanel.h"
#include "ui/views/scriptpanel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/settings.h"

#include <QBoxLayout>
#include <QMenu>
#include <QSplitter>

namespace rekey::ui {

MapPage::MapPage(Session &session, QWidget *parent)
    : Room(parent)
    , m_session(session)
    , m_edits(new RuleEdits(session, this))
    , m_rules(new RulesPanel(session, *m_edits))
    , m_source(new KeyTreePanel(Side::Source, session, *m_rules->view()))
    , m_target(new KeyTreePanel(Side::Target, session, *m_rules->view()))
    , m_docks(new MapDocks(session))
    , m_toolBar(new MapToolBar(session.document().undoStack()))
    , m_status(new MapStatus(session))
    , m_filtering(new MapFiltering(session, *m_toolBar, *m_source, *m_target, *m_rules->model(), this))
    , m_pairing(new Pairing(session, this))
    , m_drag(new PairingDrag(*m_source->view(), *m_target->view(), *m_pairing))
    , m_columns(new QSplitter(Qt::Horizontal))
    , m_rows(new QSplitter(Qt::Vertical))
{
    m_columns->addWidget(m_source);
    m_columns->addWidget(m_rules);
    m_columns->addWidget(m_target);
    m_columns->setChildrenCollapsible(false);
    m_columns->setStretchFactor(0, 0);
    m_columns->setStretchFactor(1, 1);
    m_columns->setStretchFactor(2, 0);
    m_columns->setSizes({376, 688, 376});
    m_rows->addWidget(m_columns);
    m_rows->addWidget(m_docks);
    m_rows->setChildrenCollapsible(false);
    m_rows->setStretchFactor(0, 1);
    m_rows->setStretchFactor(1, 0);
    m_rows->setSizes({560, 220});
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_rows);
    m_columns->restoreState(session.settings().layout(QStringLiteral("map/columns")));
    m_rows->restoreState(session.settings().layout(QStringLiteral("map/rows")));

    connectToolBar();
    connectTrees();
    connectRules();
    connect(m_docks->script(), &ScriptPanel::saveAsked, this, &MapPage::exportAsked);
    connect(m_status, &MapStatus::statusAsked, this, &MapPage::showOnly);
    connect(&session, &Session::opened, this, &MapPage::followOpened);
    connect(&session, &Session::suggestingChanged, this, &MapPage::followState);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &MapPage::followResolution);
    connect(&session, &Session::selectionChanged, this, &MapPage::followSelection);
    makeActions();
    followOpened();
    followResolution();
}

RulesView *MapPage::rules() const { return m_rules->view(); }
PairingProposal *MapPage::proposal() const { return m_rules->proposal(); }
ScriptPanel *MapPage::script() const { return m_docks->script(); }
RuleEditor *MapPage::newRuleEditor() const { return m_rules->newRuleEditor(); }
QWidget *MapPage::toolBarWidget() { return m_toolBar; }
QWidget *MapPage::statusWidget() { return m_status; }

bool MapPage::focusFilter()
{
    m_toolBar->filter()->setFocus();
    m_toolBar->filter()->selectAll();
    return true;
}

void MapPage::saveLayout()
{
    m_session.settings().setLayout(QStringLiteral("map/columns"), m_columns->saveState());
    if (!m_docks->isFolded())
        m_session.settings().setLayout(QStringLiteral("map/rows"), m_rows->saveState());
}

void MapPage::connectToolBar()
{
    connect(m_toolBar->convert(), &QAbstractButton::clicked, this, &MapPage::convertAsked);
    connect(m_toolBar->suggestAgain(), &QAbstractButton::clicked, &m_session, &Session::suggestAgain);
    connect(m_toolBar->nextQuestion(), &QAbstractButton::clicked, this, [this] { nextQuestion(1); });
    connect(m_filtering, &MapFiltering::applied, this, [this] {
        m_rules->follow(*m_filtering);
        followSelection();
    });
}

void MapPage::connectTrees()
{
    m_source->view()->setDragEnabled(true);
    for (const Side side : {Side::Source, Side::Target}) {
        KeyTreePanel *shown = panel(side);
        connect(shown, &KeyTreePanel::openAsked, this, [this, side] { Q_EMIT openAsked(side); });
        connect(shown->view(), &KeyTreeView::tensorsSelected, this, [this, side](const std::vector<std::uint32_t> &tensors) {
            m_origin = side;
            m_session.selectTensors(side, tensors);
        });
        connect(shown->view(), &KeyTreeView::ruleAsked, this, [this] { m_rules->view()->setFocus(); });
        connect(shown->view(), &KeyTreeView::menuAsked, this, [this, side](const QPoint &at) { showKeyMenu(side, at); });
    }
    connect(m_pairing, &Pairing::planned, m_rules, &RulesPanel::propose);
    connect(m_pairing, &Pairing::refused, this, [this](const QString &sentence, const Rule &draft) {
        Q_EMIT messageAsked(sentence, true);
        m_rules->addRule(draft);
    });
    connect(m_rules, &RulesPanel::proposalChanged, this, &MapPage::followSelection);
}

void MapPage::connectRules()
{
    RulesView *view = m_rules->view();
    connect(m_rules, &RulesPanel::openAsked, this, &MapPage::openAsked);
    connect(m_rules, &RulesPanel::architectureAsked, this, &MapPage::architectureAsked);
    connect(m_rules, &RulesPanel::convertAsked, this, &MapPage::convertAsked);
    connect(m_rules, &RulesPanel::clearFilterAsked, m_filtering, &MapFiltering::clear);
    connect(m_rules, &RulesPanel::filterAsked, m_filtering, &MapFiltering::setText);
    connect(view, &RulesView::ruleChosen, this, [this](std::uint32_t rule) {
        m_origin.reset();
        m_session.selectRule(rule);
    });
    connect(view, &RulesView::ruleEdited, m_edits, [this](std::uint32_t rule, const Rule &next) { m_edits->replace(rule, next); });
    connect(view, &RulesView::candidateAccepted, m_edits,
            [this](std::uint32_t rule, int candidate) { m_edits->acceptCandidate(rule, static_cast<std::size_t>(candidate)); });
    connect(view, &RulesView::compareAsked, this, &MapPage::compareCandidate);
    connect(view, &RulesView::nextAsked, this, [this] { nextQuestion(1); });
    connect(view, &RulesView::removeAsked, m_edits, &RuleEdits::reject);
    connect(view, &RulesView::acceptAsked, this, &MapPage::acceptRules);
    connect(view, &RulesView::menuAsked, this, &MapPage::showRuleMenu);
    connect(m_edits, &RuleEdits::changed, this, [this](std::uint32_t rule) { m_selectAfterResolve = rule; });
}

void MapPage::makeActions()
{
    const auto add = [this](const QString &text, const QString &iconName, const QKeySequence &key, std::function<void()> run) {
        const auto shown = [this, act = std::move(run)] {
            if (!isVisible())
                Q_EMIT roomAsked();
            act();
        };
        addRoomAction(text, iconName, key, shown, Reach::Everywhere);
    };
    const auto withRule = [this](auto act) {
        return [this, act] {
            if (const std::uint32_t rule = m_session.selection().rule; rule != none)
                act(rule);
        };
    };
    add(tr("Suggest again"), QStringLiteral("evidence"), {}, [this] { m_session.suggestAgain(); });
    add(tr("Next question"), QStringLiteral("next-question"), Qt::Key_F7, [this] { nextQuestion(1); });
    add(tr("Previous question"), QStringLiteral("previous-question"), Qt::SHIFT | Qt::Key_F7, [this] { nextQuestion(-1); });
    add(tr("Add rule"), QStringLiteral("rule-add"), Qt::CTRL | Qt::Key_N, [this] { m_rules->addRule(); });
    add(tr("Pair with…"), QStringLiteral("drag"), Qt::CTRL | Qt::Key_L, [this] { pairWith(); });
    addRoomAction(tr("Next panel"), {}, Qt::Key_F6, [this] { nextPanel(); });
    add(tr("Edit rule"), QStringLiteral("edit"), {}, withRule([this](std::uint32_t rule) { rules()->editRule(rule); }));
    add(tr("Accept rule"), QStringLiteral("accepted"), {}, withRule([this](std::uint32_t rule) { acceptRules({rule}); }));
    add(tr("Accept all suggested rules"), QStringLiteral("accepted"), Qt::CTRL | Qt::SHIFT | Qt::Key_Return,
        [this] { m_edits->acceptAllSuggested(); });
    add(tr("Reject rule"), QStringLiteral("dropped"), {}, withRule([this](std::uint32_t rule) { m_edits->reject({rule}); }));
}

void MapPage::showRuleMenu(std::uint32_t rule, const QPoint &at)
{
    const std::vector<std::uint32_t> selected = rules()->selectedRules();
    const bool several = selected.size() > 1;
    QMenu menu;
    if (!several && rule != none)
        menu.addAction(icon(QStringLiteral("edit")), tr("Edit rule\tF2"), this, [this, rule] { rules()->editRule(rule); });
    menu.addAction(icon(QStringLiteral("accepted")),
                   several ? tr("Accept %n rule(s)", nullptr, static_cast<int>(selected.size())) + QStringLiteral("\tEnter")
                           : tr("Accept rule\tEnter"),
                   this, [this, selected] { acceptRules(selected); });
    if (!several && rule != none) {
        menu.addSeparator();
        menu.addAction(icon(QStringLiteral("source")), tr("Go to its source keys"), this, [this] { m_source->view()->setFocus(); });
        menu.addAction(icon(QStringLiteral("target")), tr("Go to its target keys"), this, [this] { m_target->view()->setFocus(); });
        if (const RuleEffect *effect = m_rules->model()->effect(rule); effect != nullptr && effect->shadowedBy != none)
            menu.addAction(icon(QStringLiteral("shadowed")), tr("Go to rule %1, which shadows it").arg(effect->shadowedBy + 1), this,
                           [this, by = effect->shadowedBy] { m_session.selectRule(by); });
    }
    menu.addSeparator();
    menu.addAction(icon(QStringLiteral("dropped")),
                   several ? tr("Reject %n rule(s)", nullptr, static_cast<int>(selected.size())) + QStringLiteral("\tDel")
                           : tr("Reject rule\tDel"),
                   this, [this, selected] { m_edits->reject(selected); });
    menu.exec(at);
}

void MapPage::showKeyMenu(Side side, const QPoint &at)
{
    KeyTreeView *view = panel(side)->view();
    const std::vector<std::uint32_t> tensors = view->selectedTensors();
    if (tensors.empty())
        return;
    QMenu menu;
    if (m_session.hasPair()) {
        if (side == Side::Source)
            menu.addAction(icon(QStringLiteral("drag")), tr("Pair with…\tCtrl+L"), this, &MapPage::pairWith);
        if (m_session.selection().rule != none)
            menu.addAction(icon(QStringLiteral("rule")), tr("Go to its rule\tEnter"), this, [this] { rules()->setFocus(); });
        menu.addSeparator();
        if (side == Side::Source) {
            menu.addAction(icon(QStringLiteral("dropped")), tr("Drop: not needed by the target"), this,
                           [this, tensors] { m_edits->drop(tensors, tr("not needed by the target")); });
        } else {
            QMenu *start = menu.addMenu(icon(QStringLiteral("initialised")), tr("Fill without a source"));
            const std::pair<InitPolicy, QString> policies[] = {{InitPolicy::Keep, tr("Keep the target’s own values")},
                                                               {InitPolicy::Zeros, tr("Zeros")},
                                                               {InitPolicy::Ones, tr("Ones")},
                                                               {InitPolicy::Normal, tr("Normal, deviation 0.02")}};
            for (const auto &[policy, text] : policies)
                start->addAction(text, this, [this, tensors, policy = policy] { m_edits->initialise(tensors, policy); });
        }
        menu.addSeparator();
    }
    menu.addAction(icon(QStringLiteral("copy")), tensors.size() == 1 ? tr("Copy key\tCtrl+C") : tr("Copy keys\tCtrl+C"), view,
                   &KeyTreeView::copyKeys);
    menu.exec(at);
}

void MapPage::followOpened()
{
    m_filtering->forget();
    followState();
}

void MapPage::followState()
{
    const bool pair = m_session.hasPair();
    const auto resolution = m_session.document().resolution();
    m_toolBar->convert()->setEnabled(pair && resolution);
    m_toolBar->suggestAgain()->setEnabled(pair && !m_session.isSuggesting());
    m_toolBar->nextQuestion()->setEnabled(pair);
    m_toolBar->showSwitch()->setVisible(pair);
    const std::size_t open = resolution ? openKeys(*resolution) : 0;
    m_toolBar->showSwitch()->setBadge(1, open > 0 ? countText(open) : QString());
    m_rules->follow(*m_filtering);
}

void MapPage::followResolution()
{
    MappingDocument &document = m_session.document();
    m_rules->model()->setRules(document.resolvedMapping(), document.resolution(), document.source(), document.target());
    m_source->followResolution();
    m_target->followResolution();
    m_filtering->again();
    followState();
    if (m_selectAfterResolve != none && document.isResolved() && m_selectAfterResolve < document.mapping().rules.size()) {
        const std::uint32_t rule = std::exchange(m_selectAfterResolve, none);
        m_origin.reset();
        m_session.selectRule(rule);
    }
    followSelection();
}

void MapPage::followSelection()
{
    if (const PairingProposal *proposed = proposal()) {
        // What it would bind is framed on both sides.
        std::vector<std::uint32_t> sources, targets;
        for (const Assignment &binding : proposed->chosen().bindings) {
            sources.insert(sources.end(), binding.sources.begin(), binding.sources.end());
            targets.insert(targets.end(), binding.targets.begin(), binding.targets.end());
        }
        m_source->showPartners(sources, false);
        m_target->showPartners(targets, false);
        return;
    }
    const Selection &selection = m_session.selection();
    const bool reveal = m_session.settings().linkedScroll();
    for (const Side side : {Side::Source, Side::Target}) {
        KeyTreePanel *shown = panel(side);
        const auto &tensors = side == Side::Source ? selection.source : selection.target;
        if (m_origin == side && shown->view()->selectionModel()->hasSelection()) {
            shown->showPartners({}, false);
            continue;
        }
        shown->view()->showSelection({}, false);
        shown->showPartners(tensors, reveal);
    }
    rules()->showRule(selection.rule);
}

void MapPage::showRules(const std::vector<std::uint32_t> &faulty)
{
    if (faulty.empty())
        return;
    m_filtering->clear();
    m_session.selectRule(faulty.front());
    rules()->showRule(faulty.front());
    QItemSelection rows;
    for (const std::uint32_t rule : faulty) {
        if (const QModelIndex row = m_rules->model()->indexOfRule(rule); row.isValid())
            rows.select(row, row);
    }
    rules()->selectionModel()->select(rows, QItemSelectionModel::Select | QItemSelectionModel::Rows);
    rules()->setFocus();
}

void MapPage::showOnly(Status status)
{
    m_filtering->showOnly(status);
}

void MapPage::showSafety()
{
    m_docks->showPanelOf(m_docks->safety());
}

void MapPage::nextQuestion(int step)
{
    const auto resolution = m_session.document().resolution();
    const auto source = m_session.keyTree(Side::Source), target = m_session.keyTree(Side::Target);
    if (!resolution || !source || !target)
        return;
    const std::vector<OpenQuestion> questions = openQuestions(*m_session.document().resolvedMapping(), *resolution, *source, *target);
    const Selection &selection = m_session.selection();
    const auto next = neighbourQuestion(questions, step, [&](const OpenQuestion &question) {
        if (question.rule != none)
            return selection.rule == question.rule;
        const bool onTarget = question.targetNode != none;
        const auto &tensors = onTarget ? selection.target : selection.source;
        const KeyTree &tree = onTarget ? *target : *source;
        return !tensors.empty() && selection.rule == none
               && tree.leafOf[tensors.front()] == (onTarget ? question.targetNode : question.sourceNode);
    });
    if (!next) {
        Q_EMIT nothingOpen();
        return;
    }
    m_origin.reset();
    if (next->rule != none) {
        m_session.selectRule(next->rule);
        rules()->setFocus();
        return;
    }
    const Side side = next->targetNode != none ? Side::Target : Side::Source;
    const std::uint32_t node = side == Side::Target ? next->targetNode : next->sourceNode;
    m_session.selectTensors(side, (side == Side::Target ? target : source)->nodes[node].tensors);
    panel(side)->view()->reveal(node);
    panel(side)->view()->showSelection({node}, true);
    m_origin = side;
    panel(side)->showPartners({}, false);
    panel(side)->view()->setFocus();
}

void MapPage::nextPanel()
{
    const QList<QWidget *> panels{m_source->view(), rules(), m_target->view(), m_docks->tabs()};
    const auto current = std::find_if(panels.begin(), panels.end(), [](QWidget *panel) { return panel->hasFocus(); });
    const auto next = current == panels.end() ? 0 : (current - panels.begin() + 1) % panels.size();
    panels[next]->setFocus(Qt::TabFocusReason);
}

void MapPage::acceptRules(const std::vector<std::uint32_t> &accepted)
{
    m_edits->accept(accepted, [this](std::uint32_t rule) { return static_cast<std::size_t>(m_rules->model()->chosenCandidate(rule)); });
}

void MapPage::compareCandidate(std::uint32_t rule, int candidate)
{
    m_origin.reset();
    m_session.selectRule(rule);
    m_docks->showPanelOf(m_docks->histogram());
    m_docks->histogram()->showCandidate(candidate);
}

void MapPage::pairWith()
{
    const std::vector<std::uint32_t> sources = m_source->view()->selectedTensors();
    if (!m_session.hasPair() || sources.empty()) {
        Q_EMIT messageAsked(tr("Select the source rows to pair first, then Ctrl+L."), false);
        return;
    }
    PairDialog dialog(m_session, sources, this);
    if (dialog.exec() == QDialog::Accepted && !dialog.targets().empty())
        m_pairing->plan(sources, dialog.targets());
}

} // namespace rekey::ui
