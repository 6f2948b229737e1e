// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/mappage.h"

#include "core/mapping/architectures.h"
#include "ui/inspect/histogramdock.h"
#include "ui/jobs/job.h"
#include "ui/models/keystatus.h"
#include "ui/models/keytreemodel.h"
#include "ui/models/mapfilter.h"
#include "ui/theme/displaytext.h"
#include "ui/views/bottompanel.h"
#include "ui/views/emptystate.h"
#include "ui/views/gutter.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/keytreeview.h"
#include "ui/views/mappanels.h"
#include "ui/views/mapstatus.h"
#include "ui/views/maptoolbar.h"
#include "ui/views/pairing.h"
#include "ui/views/ruledelegate.h"
#include "ui/views/ruleeditor.h"
#include "ui/views/rulesview.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/settings.h"

#include <QMenu>
#include <QPainter>
#include <QSplitter>
#include <QStackedWidget>

namespace rekey::ui {

namespace {

constexpr int scrollBarWidth = 12; ///< of the rules, always there
constexpr int filterDelay = 120;         ///< ms after the last key
constexpr std::size_t expandedHits = 400; ///< rows that a filter opens by itself

enum Middle { RulesList, Waiting, NoHits, NothingOpen };

/// "Keys  Evidence" above the columns of the rules.
class ColumnLabels : public QWidget
{
public:
    ColumnLabels() { setFixedSize(130 + scrollBarWidth, 31); }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        // The header's right margin is the rows' right margin.
        paintText(painter, QRect(0, 0, width() - scrollBarWidth - 68, height()), tr("Keys"), secondaryFont(), theme.text2,
                  Qt::AlignRight | Qt::AlignVCenter);
        paintText(painter, QRect(0, 0, width() - scrollBarWidth, height()), tr("Evidence"), secondaryFont(), theme.text2,
                  Qt::AlignRight | Qt::AlignVCenter);
    }
};

} // namespace

MapPage::MapPage(Session &session, QWidget *parent)
    : Room(parent)
    , m_session(session)
    , m_rulesModel(new RulesModel(this))
    , m_rules(new RulesView(session.jobs(), session.document(), m_rulesModel))
    , m_source(new KeyTreePanel(Side::Source, session, *m_rules))
    , m_target(new KeyTreePanel(Side::Target, session, *m_rules))
    , m_rulesHeader(new PanelHeader(tr("Rules"), QStringLiteral("rule")))
    , m_middle(new QStackedWidget)
    , m_waiting(new EmptyState(QStringLiteral("map")))
    , m_noHits(new EmptyState(QStringLiteral("search")))
    , m_done(new EmptyState(QStringLiteral("check")))
    , m_bottom(new BottomPanel)
    , m_toolBar(new MapToolBar(session.document().undoStack()))
    , m_status(new MapStatus(session))
    , m_pairing(new Pairing(session, this))
    , m_columns(new QSplitter(Qt::Horizontal))
    , m_rows(new QSplitter(Qt::Vertical))
{
    m_drag = new PairingDrag(*m_source->view(), *m_target->view(), *m_pairing);
    m_source->view()->setDragEnabled(true);
    m_columns->addWidget(m_source);
    m_columns->addWidget(makeMiddle());
    m_columns->addWidget(m_target);
    m_columns->setChildrenCollapsible(false);
    m_columns->setStretchFactor(0, 0);
    m_columns->setStretchFactor(1, 1);
    m_columns->setStretchFactor(2, 0);
    m_columns->setSizes({376, 688, 376});
    makeBottom();
    m_rows->addWidget(m_columns);
    m_rows->addWidget(m_bottom);
    m_rows->setChildrenCollapsible(false);
    m_rows->setStretchFactor(0, 1);
    m_rows->setStretchFactor(1, 0);
    m_rows->setSizes({560, 220});
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_rows);
    m_columns->restoreState(session.settings().layout(QStringLiteral("map/columns")));
    m_rows->restoreState(session.settings().layout(QStringLiteral("map/rows")));

    m_filterDelay.setSingleShot(true);
    m_filterDelay.setInterval(filterDelay);
    connect(&m_filterDelay, &QTimer::timeout, this, &MapPage::applyFilter);
    connect(m_toolBar->filter(), &QLineEdit::textChanged, this, [this] { m_filterDelay.start(); });
    connect(m_toolBar->showSwitch(), &SegmentedSwitch::currentChanged, this, [this] {
        m_onlyStatus.reset();
        applyFilter();
    });
    connect(m_toolBar->convert(), &QAbstractButton::clicked, this, &MapPage::convertAsked);
    connect(m_toolBar->suggestAgain(), &QAbstractButton::clicked, &session, &Session::suggestAgain);
    connect(m_toolBar->nextQuestion(), &QAbstractButton::clicked, this, [this] { nextQuestion(1); });
    connect(m_status, &MapStatus::statusAsked, this, &MapPage::showOnly);
    for (KeyTreePanel *panel : {m_source, m_target}) {
        const Side side = panel == m_source ? Side::Source : Side::Target;
        connect(panel, &KeyTreePanel::openAsked, this, [this, side] { Q_EMIT openAsked(side); });
        connect(panel->view(), &KeyTreeView::tensorsSelected, this,
                [this, side](const std::vector<std::uint32_t> &tensors) { select(side, tensors); });
    }
    connect(m_rules, &RulesView::ruleChosen, this, [this](std::uint32_t rule) {
        m_origin.reset();
        m_session.selectRule(rule);
    });
    connect(m_rules, &RulesView::ruleEdited, this, [this](std::uint32_t rule, const Rule &next) {
        m_selectAfterResolve = rule;
        m_session.document().changeRule(rule, next, tr("Edit rule"));
    });
    connect(m_rules, &RulesView::candidateAccepted, this, [this](std::uint32_t rule, int candidate) {
        m_selectAfterResolve = rule;
        m_session.document().changeRule(
            rule, withCandidate(m_session.document().mapping().rules[rule], static_cast<std::size_t>(candidate)), tr("Accept candidate"));
    });
    connect(m_rules, &RulesView::compareAsked, this, &MapPage::compareCandidate);
    connect(m_rules, &RulesView::nextAsked, this, [this] { nextQuestion(1); });
    connect(m_rules, &RulesView::removeAsked, this, &MapPage::removeRules);
    connect(m_rules, &RulesView::acceptAsked, this, &MapPage::acceptRules);
    connect(m_rules, &RulesView::menuAsked, this, [this](std::uint32_t rule, const QPoint &at) {
        QMenu menu;
        menu.addAction(icon(QStringLiteral("edit")), tr("Edit rule\tF2"), this, [this, rule] { m_rules->editRule(rule); });
        menu.addAction(icon(QStringLiteral("accepted")), tr("Accept rule\tEnter"), this, [this, rule] { acceptRules({rule}); });
        menu.addSeparator();
        menu.addAction(icon(QStringLiteral("dropped")), tr("Reject rule\tDel"), this, [this, rule] { removeRules({rule}); });
        menu.exec(at);
    });
    connect(m_pairing, &Pairing::applied, this, [this](std::uint32_t rule) { m_selectAfterResolve = rule; });
    connect(m_pairing, &Pairing::refused, this, [this](const QString &sentence, const Rule &draft) {
        Q_EMIT messageAsked(sentence, true);
        addRule(draft);
    });
    connect(&session, &Session::opened, this, &MapPage::followOpened);
    connect(&session, &Session::suggestingChanged, this, &MapPage::updateMiddle);
    connect(&session, &Session::selectionChanged, this, &MapPage::followSelection);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &MapPage::followResolution);
    makeActions();
    followOpened();
    followResolution();
}

RuleEditor *MapPage::newRuleEditor() const { return m_newRule; }
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
    if (!m_bottom->isFolded())
        m_session.settings().setLayout(QStringLiteral("map/rows"), m_rows->saveState());
}

QWidget *MapPage::makeRulesHeader()
{
    auto *add = new PageButton(PageButton::Look::Flat, {}, QStringLiteral("rule-add"));
    add->setToolTip(tr("Add a rule (Ctrl+N)"));
    add->setAccessibleName(tr("Add a rule"));
    add->setObjectName(QStringLiteral("addRule"));
    auto *linked = new PageButton(PageButton::Look::Flat, {}, QStringLiteral("link-scroll"));
    linked->setCheckable(true);
    linked->setChecked(m_session.settings().linkedScroll());
    linked->setToolTip(tr("Scroll to the partner of what is selected"));
    linked->setAccessibleName(tr("Linked scroll"));
    m_rulesHeader->addTrailing(add);
    m_rulesHeader->addTrailing(linked);
    m_ruleTools = {add, linked, new ColumnLabels};
    m_rulesHeader->addTrailing(m_ruleTools.back());
    connect(add, &QAbstractButton::clicked, this, [this] { addRule(); });
    connect(linked, &QAbstractButton::toggled, &m_session.settings(), &Settings::setLinkedScroll);
    return m_rulesHeader;
}

QWidget *MapPage::makeMiddle()
{
    m_useUsual = new PageButton(PageButton::Look::Primary, tr("Use its usual target"), QStringLiteral("schema"));
    m_openTarget = new PageButton(PageButton::Look::Outlined, tr("Open target…"), QStringLiteral("open"));
    m_waiting->addButton(m_useUsual);
    m_waiting->addButton(m_openTarget);
    connect(m_useUsual, &QAbstractButton::clicked, this, &MapPage::useUsualTarget);
    connect(m_openTarget, &QAbstractButton::clicked, this, [this] {
        Q_EMIT openAsked(m_session.checkpoint(Side::Source) ? Side::Target : Side::Source);
    });
    m_clearFilter = new PageButton(PageButton::Look::Outlined, tr("Clear filter"));
    m_noHits->addButton(m_clearFilter);
    connect(m_clearFilter, &QAbstractButton::clicked, this, &MapPage::clearFilter);
    auto *convert = new PageButton(PageButton::Look::Primary, tr("Convert…"), QStringLiteral("convert"));
    m_done->addButton(convert);
    connect(convert, &QAbstractButton::clicked, this, &MapPage::convertAsked);
    m_middle->addWidget(m_rules);
    m_middle->addWidget(m_waiting);
    m_middle->addWidget(m_noHits);
    m_middle->addWidget(m_done);
    auto *middle = new QWidget;
    m_rulesColumn = new QVBoxLayout(middle);
    m_rulesColumn->setContentsMargins(0, 0, 0, 0);
    m_rulesColumn->setSpacing(0);
    m_rulesColumn->addWidget(makeRulesHeader());
    m_rulesColumn->addWidget(m_middle, 1);
    middle->setMinimumWidth(480);
    return middle;
}

void MapPage::makeBottom()
{
    auto *problems = new ProblemsPanel(m_session);
    m_script = new ScriptPanel(m_session);
    m_bottom->addPanel(QStringLiteral("histogram"), tr("Histogram"), new HistogramDock(m_session));
    const int problemsTab = m_bottom->addPanel(QStringLiteral("problems"), tr("Problems"), problems);
    m_bottom->addPanel(QStringLiteral("evidence"), tr("Evidence"), new EvidencePanel(m_session));
    m_bottom->addPanel(QStringLiteral("script"), tr("Script"), m_script);
    m_bottom->addPanel(QStringLiteral("metadata"), tr("Metadata"), new MetadataPanel(m_session));
    m_bottom->addPanel(QStringLiteral("safety"), tr("Safety"), new SafetyPanel(m_session));
    const auto count = [this, problemsTab](int problemCount) {
        m_bottom->tabs()->setBadge(problemsTab, problemCount > 0 ? countText(static_cast<quint64>(problemCount)) : QString());
    };
    connect(problems, &ProblemsPanel::countChanged, this, count);
    connect(m_script, &ScriptPanel::saveAsked, this, &MapPage::exportAsked);
}

QAction *MapPage::addAction(const QString &text, const QString &iconName, const QKeySequence &key, std::function<void()> run)
{
    auto *action = new QAction(icon(iconName), text, this);
    action->setShortcut(key);
    // Only while this room is in sight.
    action->setShortcutContext(Qt::WindowShortcut);
    QWidget::addAction(action);
    connect(action, &QAction::triggered, this, std::move(run));
    m_actions.append(action);
    return action;
}

void MapPage::makeActions()
{
    addAction(tr("Suggest again"), QStringLiteral("evidence"), {}, [this] { m_session.suggestAgain(); });
    addAction(tr("Next question"), QStringLiteral("next-question"), Qt::Key_F7, [this] { nextQuestion(1); });
    addAction(tr("Previous question"), QStringLiteral("previous-question"), Qt::SHIFT | Qt::Key_F7, [this] { nextQuestion(-1); });
    addAction(tr("Add rule"), QStringLiteral("rule-add"), Qt::CTRL | Qt::Key_N, [this] { addRule(); });
    addAction(tr("Pair with…"), QStringLiteral("drag"), Qt::CTRL | Qt::Key_L, [this] { pairWith(); });
    addAction(tr("Next panel"), {}, Qt::Key_F6, [this] { nextPanel(); });
    addAction(tr("Edit rule"), QStringLiteral("edit"), {}, [this] {
        if (m_session.selection().rule != none)
            m_rules->editRule(m_session.selection().rule);
    });
    addAction(tr("Accept rule"), QStringLiteral("accepted"), {}, [this] {
        if (m_session.selection().rule != none)
            acceptRules({m_session.selection().rule});
    });
    addAction(tr("Accept all suggested rules"), QStringLiteral("accepted"), {}, [this] {
        std::vector<std::uint32_t> suggested;
        const auto &rules = m_session.document().mapping().rules;
        for (std::uint32_t i = 0; i < rules.size(); ++i) {
            if (rules[i].state == RuleState::Suggested)
                suggested.push_back(i);
        }
        acceptRules(suggested);
    });
    addAction(tr("Reject rule"), QStringLiteral("dropped"), {}, [this] {
        if (m_session.selection().rule != none)
            removeRules({m_session.selection().rule});
    });
}

void MapPage::followOpened()
{
    m_usualTarget = nullptr;
    m_usualTargetText.clear();
    m_filter = {};
    m_noKeyPasses = false;
    m_onlyStatus.reset();
    m_toolBar->filter()->clear();
    m_filterDelay.stop();
    m_toolBar->showSwitch()->setCurrent(0);
    if (m_newRule)
        m_newRule->deleteLater();
    updateMiddle();
    recogniseSource();
}

void MapPage::recogniseSource()
{
    const CheckpointPtr source = m_session.checkpoint(Side::Source);
    if (!source || m_session.checkpoint(Side::Target))
        return;
    struct Usual
    {
        QString text;
        std::shared_ptr<const Schema> schema;
    };
    m_session.jobs().start(
        this, QStringLiteral("recognise"), tr("Looking at the source"),
        [source](const Progress &) -> Usual {
            const auto known = recognise(source->schema());
            if (!known)
                return {};
            const Naming *other = nullptr;
            for (const Naming &naming : known->architecture->namings) {
                if (&naming != known->naming && other == nullptr)
                    other = &naming;
            }
            Usual usual{tr("The source looks like %1, as %2 names it.")
                            .arg(QString::fromStdString(known->architecture->name), QString::fromStdString(known->naming->name)),
                        nullptr};
            if (other == nullptr)
                return usual;
            const Mapping mapping = namingMapping(*known->architecture, known->naming->id, other->id);
            Schema schema = outputSchema(mapping, source->schema());
            if (schema.tensors.empty())
                return usual;
            schema.name = other->layout;
            usual.schema = std::make_shared<const Schema>(std::move(schema));
            usual.text += QLatin1Char(' ') + tr("Its usual target is the %1.").arg(QString::fromStdString(other->layout));
            return usual;
        },
        [this](const Usual &usual) {
            m_usualTarget = usual.schema;
            m_usualTargetText = usual.text;
            updateMiddle();
        });
}

void MapPage::useUsualTarget()
{
    if (m_usualTarget)
        m_session.openSchema(Side::Target, checkpointFromSchema(*m_usualTarget));
    else
        Q_EMIT architectureAsked();
}

void MapPage::updateMiddle()
{
    const bool pair = m_session.hasPair();
    const auto resolution = m_session.document().resolution();
    const auto mapping = m_session.document().resolvedMapping();
    m_toolBar->convert()->setEnabled(pair && resolution);
    m_toolBar->suggestAgain()->setEnabled(pair && !m_session.isSuggesting());
    m_toolBar->nextQuestion()->setEnabled(pair);
    m_toolBar->showSwitch()->setVisible(pair);
    for (QWidget *tool : std::as_const(m_ruleTools))
        tool->setVisible(pair);
    if (!pair) {
        const bool source = m_session.checkpoint(Side::Source) != nullptr;
        m_rulesHeader->setDetail(tr("none yet"));
        m_waiting->setText(source ? tr("Open a target to see suggestions") : tr("Open a source to begin"),
                           source
                               ? (m_usualTargetText.isEmpty() ? tr("Rules appear here as soon as both sides are open.") : m_usualTargetText)
                               : tr("The file or folder your weights come from."));
        m_useUsual->setVisible(source);
        m_useUsual->setText(m_usualTarget ? tr("Use %1").arg(QString::fromStdString(m_usualTarget->name)) : tr("Choose architecture…"));
        m_openTarget->setText(source ? tr("Open target…") : tr("Open source…"));
        m_openTarget->show();
        m_middle->setCurrentIndex(Waiting);
        return;
    }
    const std::size_t rules = mapping->rules.size();
    const auto mine
        = std::count_if(mapping->rules.begin(), mapping->rules.end(), [](const Rule &rule) { return rule.state == RuleState::Accepted; });
    QString detail = tr("%n rule(s)", nullptr, static_cast<int>(rules));
    if (mine > 0)
        detail += QStringLiteral(" · ") + tr("%1 accepted").arg(mine);
    if (m_session.isSuggesting())
        detail = tr("suggesting…");
    m_rulesHeader->setDetail(detail);
    const std::size_t open = resolution ? openKeys(*resolution) : 0;
    m_toolBar->showSwitch()->setBadge(1, open > 0 ? countText(open) : QString());
    if (m_noKeyPasses && m_rulesModel->shownRules() == 0) {
        if (m_filter.openOnly() && m_filter.text().isEmpty()) {
            const std::size_t total = resolution ? resolution->targets.size() : 0;
            m_done->setText(tr("%1 of %2 filled, no open questions").arg(countText(total - open), countText(total)),
                            tr("Nothing is left to do here."));
            m_middle->setCurrentIndex(NothingOpen);
        } else {
            m_middle->setCurrentIndex(NoHits);
        }
    } else if (rules == 0) {
        m_useUsual->hide();
        m_openTarget->hide();
        m_waiting->setText(m_session.isSuggesting() ? tr("Looking for matching keys") : tr("No rule yet"),
                           m_session.isSuggesting() ? tr("Rules appear here as they are found.")
                                                    : tr("Drag a source row onto a target row, add a rule, or suggest again."));
        m_middle->setCurrentIndex(Waiting);
    } else {
        m_middle->setCurrentIndex(RulesList);
    }
}

void MapPage::followResolution()
{
    MappingDocument &document = m_session.document();
    m_rulesModel->setRules(document.resolvedMapping(), document.resolution(), document.source(), document.target());
    m_source->followResolution();
    m_target->followResolution();
    if (!m_filter.isEmpty())
        applyFilter();
    updateMiddle();
    if (m_selectAfterResolve != none && document.isResolved() && m_selectAfterResolve < document.mapping().rules.size()) {
        const std::uint32_t rule = std::exchange(m_selectAfterResolve, none);
        m_origin.reset();
        m_session.selectRule(rule);
    }
    followSelection();
}

void MapPage::select(Side side, const std::vector<std::uint32_t> &tensors)
{
    m_origin = side;
    m_session.selectTensors(side, tensors);
}

void MapPage::followSelection()
{
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
    m_rules->showRule(selection.rule);
}

void MapPage::showOnly(Status status)
{
    m_onlyStatus = status;
    m_toolBar->showSwitch()->setCurrent(0);
    applyFilter();
}

void MapPage::clearFilter()
{
    m_onlyStatus.reset();
    m_toolBar->showSwitch()->setCurrent(0);
    m_toolBar->filter()->clear();
    m_filterDelay.stop();
    applyFilter();
}

void MapPage::applyFilter()
{
    KeyFilter filter(m_toolBar->filter()->text());
    const int shownIndex = m_toolBar->showSwitch()->current();
    filter.setOpenOnly(shownIndex == 1);
    filter.setOnlyStatus(m_onlyStatus);
    m_filter = filter;
    const auto show = static_cast<RulesModel::Show>(shownIndex);
    if (filter.isEmpty()) {
        m_noKeyPasses = false;
        m_rulesModel->setFilter(show, filter, {});
        for (KeyTreePanel *panel : {m_source, m_target}) {
            panel->model()->setVisible(nullptr);
            panel->view()->expandFirstLevels();
        }
        updateMiddle();
        followSelection();
        return;
    }
    KeyTreeModel *source = m_source->model(), *target = m_target->model();
    m_session.jobs().start(
        this, QStringLiteral("filter"), tr("Filtering"),
        [filter, sourceTree = source->tree(), targetTree = target->tree(), sourceSchema = source->schema(), targetSchema = target->schema(),
         sourceStatus = source->tensorStatuses(), targetStatus = target->tensorStatuses(),
         resolution = m_rulesModel->resolution()](const Progress &progress) {
            return evaluateFilter(filter, sourceTree, targetTree, sourceSchema, targetSchema, sourceStatus, targetStatus, resolution,
                                  progress);
        },
        [this, filter, show](const FilterResult &result) {
            m_noKeyPasses = result.rows == 0;
            m_rulesModel->setFilter(show, filter, result.rules);
            m_source->model()->setVisible(result.source);
            m_target->model()->setVisible(result.target);
            for (KeyTreePanel *panel : {m_source, m_target}) {
                if (result.rows <= expandedHits)
                    panel->view()->expandAll();
                else
                    panel->view()->expandFirstLevels();
            }
            const QString what = filter.text().isEmpty() ? tr("No key has this status") : tr("No key matches “%1”").arg(filter.text());
            m_noHits->setText(
                filter.error().isEmpty() ? what : filter.error(),
                result.closest
                    ? tr("Closest: <a href='#'>%1</a>, %n key(s)", nullptr, result.closest->keys).arg(result.closest->term.toHtmlEscaped())
                    : QString());
            m_noHits->disconnect(this);
            if (result.closest)
                connect(m_noHits, &EmptyState::linkActivated, this,
                        [this, term = result.closest->term] { m_toolBar->filter()->setText(term); });
            updateMiddle();
            followSelection();
        });
}

void MapPage::nextQuestion(int step)
{
    const auto resolution = m_session.document().resolution();
    const auto source = m_session.keyTree(Side::Source), target = m_session.keyTree(Side::Target);
    if (!resolution || !source || !target)
        return;
    const std::vector<OpenQuestion> questions = openQuestions(*m_session.document().resolvedMapping(), *resolution, *source, *target);
    if (questions.empty()) {
        Q_EMIT messageAsked(tr("No open question is left."), false);
        return;
    }
    const Selection &selection = m_session.selection();
    const auto current = std::find_if(questions.begin(), questions.end(), [&](const OpenQuestion &question) {
        if (question.rule != none)
            return selection.rule == question.rule;
        const bool onTarget = question.targetNode != none;
        const auto &tensors = onTarget ? selection.target : selection.source;
        const KeyTree &tree = onTarget ? *target : *source;
        return !tensors.empty() && selection.rule == none
               && tree.leafOf[tensors.front()] == (onTarget ? question.targetNode : question.sourceNode);
    });
    const auto count = static_cast<std::ptrdiff_t>(questions.size());
    std::ptrdiff_t place = current == questions.end() ? (step > 0 ? 0 : count - 1) : (current - questions.begin() + step + count) % count;
    const OpenQuestion &next = questions[static_cast<std::size_t>(place)];
    m_origin.reset();
    if (next.rule != none) {
        m_session.selectRule(next.rule);
        m_rules->setFocus();
        return;
    }
    const Side side = next.targetNode != none ? Side::Target : Side::Source;
    const std::uint32_t node = side == Side::Target ? next.targetNode : next.sourceNode;
    m_session.selectTensors(side, (side == Side::Target ? target : source)->nodes[node].tensors);
    panel(side)->view()->reveal(node);
    panel(side)->view()->showSelection({node}, true);
    m_origin = side;
    panel(side)->showPartners({}, false);
    panel(side)->view()->setFocus();
}

void MapPage::nextPanel()
{
    const QList<QWidget *> panels{m_source->view(), m_rules, m_target->view(), m_bottom->tabs()};
    const auto current = std::find_if(panels.begin(), panels.end(), [](QWidget *panel) { return panel->hasFocus(); });
    const auto next = current == panels.end() ? 0 : (current - panels.begin() + 1) % panels.size();
    panels[next]->setFocus(Qt::TabFocusReason);
}

void MapPage::addRule(const Rule &draft)
{
    if (!m_session.hasPair())
        return;
    Rule start = draft;
    const Selection &selection = m_session.selection();
    if (start.sources.empty() && start.targets.empty() && selection.rule == none) {
        const auto literal = [](const std::vector<std::uint32_t> &tensors, const Schema &schema, std::vector<Pattern> &patterns) {
            if (tensors.size() == 1)
                patterns.push_back(Pattern::literal(schema.tensors[tensors.front()].key));
        };
        literal(selection.source, *m_session.document().source(), start.sources);
        literal(selection.target, *m_session.document().target(), start.targets);
    }
    delete m_newRule;
    m_middle->setCurrentIndex(RulesList);
    m_newRule = new RuleEditor(m_session.jobs(), m_session.document(), this);
    m_newRule->setFixedHeight(RuleEditor::height);
    m_newRule->setRule(none, start);
    m_rulesColumn->insertWidget(1, m_newRule);
    m_newRule->show();
    m_newRule->sources()->setFocus();
    connect(m_newRule, &RuleEditor::discarded, m_newRule, [this] {
        m_newRule->deleteLater();
        m_newRule = nullptr;
        updateMiddle();
        m_rules->setFocus();
    });
    connect(m_newRule, &RuleEditor::applied, m_newRule, [this](std::uint32_t, const Rule &rule) {
        m_newRule->deleteLater();
        m_newRule = nullptr;
        MappingDocument &document = m_session.document();
        std::uint32_t first = none;
        // A rule of a person comes before what it overlaps, as with dragging.
        document.change(withRulesPreferred(document.mapping(), {rule}, *document.source(), *document.target(), &first), tr("Add rule"));
        m_selectAfterResolve = first;
        m_rules->setFocus();
    });
}

void MapPage::removeRules(const std::vector<std::uint32_t> &rules)
{
    if (!rules.empty())
        m_session.document().removeRules(rules, rules.size() == 1 ? tr("Reject rule")
                                                                  : tr("Reject %n rule(s)", nullptr, static_cast<int>(rules.size())));
}

void MapPage::acceptRules(const std::vector<std::uint32_t> &rules)
{
    Mapping next = m_session.document().mapping();
    for (const std::uint32_t index : rules) {
        if (index >= next.rules.size())
            continue;
        Rule &rule = next.rules[index];
        rule = rule.state == RuleState::ToReview ? withCandidate(rule, static_cast<std::size_t>(m_rulesModel->chosenCandidate(index)))
                                                 : rule;
        rule.state = RuleState::Accepted;
    }
    m_session.document().change(std::move(next),
                                rules.size() == 1 ? tr("Accept rule") : tr("Accept %n rule(s)", nullptr, static_cast<int>(rules.size())));
}

void MapPage::compareCandidate(std::uint32_t rule, int candidate)
{
    m_origin.reset();
    m_session.selectRule(rule);
    m_bottom->showPanel(0);
    if (auto *histogram = m_bottom->findChild<HistogramDock *>())
        histogram->showCandidate(candidate);
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
        m_pairing->apply(sources, dialog.targets());
}

} // namespace rekey::ui
