// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/rulespanel.h"

#include "ui/document/ruleedits.h"
#include "ui/document/rulesedit.h"
#include "ui/document/usualtarget.h"
#include "ui/models/rulesmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/emptystate.h"
#include "ui/views/mapfiltering.h"
#include "ui/views/pairingproposal.h"
#include "ui/views/ruleeditor.h"
#include "ui/views/rulesview.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/panelheader.h"
#include "ui/window/settings.h"

#include <QBoxLayout>
#include <QPainter>
#include <QStackedWidget>

namespace rekey::ui {

namespace {

constexpr int scrollBarWidth = 12; ///< of the rules, always there

enum State { RulesList, Waiting, NoHits, NothingOpen };

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

RulesPanel::RulesPanel(Session &session, RuleEdits &edits, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_edits(edits)
    , m_model(new RulesModel(this))
    , m_view(new RulesView(session, m_model))
    , m_usual(new UsualTarget(session, this))
    , m_header(new PanelHeader(tr("Rules"), QStringLiteral("rule")))
    , m_stack(new QStackedWidget)
    , m_waiting(new EmptyState(QStringLiteral("map")))
    , m_noHits(new EmptyState(QStringLiteral("search")))
    , m_done(new EmptyState(QStringLiteral("check")))
{
    makeStates();
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_column->addWidget(makeHeader());
    m_column->addWidget(m_stack, 1);
    setMinimumWidth(480);
    connect(m_usual, &UsualTarget::changed, this, [this] {
        if (!m_session.hasPair())
            showWaiting();
    });
    // A plan is for the mapping that it was made from.
    connect(&session.document(), &MappingDocument::mappingChanged, this, &RulesPanel::closeProposal);
    connect(&session, &Session::opened, this, [this] {
        if (m_newRule)
            m_newRule->deleteLater();
        closeProposal();
    });
}

QWidget *RulesPanel::makeHeader()
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
    m_tools = {add, linked, new ColumnLabels};
    for (QWidget *tool : std::as_const(m_tools))
        m_header->addTrailing(tool);
    connect(add, &QAbstractButton::clicked, this, [this] { addRule(); });
    connect(linked, &QAbstractButton::toggled, &m_session.settings(), &Settings::setLinkedScroll);
    return m_header;
}

void RulesPanel::makeStates()
{
    m_useUsual = new PageButton(PageButton::Look::Primary, tr("Use its usual target"), QStringLiteral("schema"));
    m_open = new PageButton(PageButton::Look::Outlined, tr("Open target…"), QStringLiteral("open"));
    m_waiting->addButton(m_useUsual);
    m_waiting->addButton(m_open);
    connect(m_useUsual, &QAbstractButton::clicked, this, [this] {
        if (!m_usual->open())
            Q_EMIT architectureAsked();
    });
    connect(m_open, &QAbstractButton::clicked, this,
            [this] { Q_EMIT openAsked(m_session.checkpoint(Side::Source) ? Side::Target : Side::Source); });
    auto *clear = new PageButton(PageButton::Look::Outlined, tr("Clear filter"));
    m_noHits->addButton(clear);
    connect(clear, &QAbstractButton::clicked, this, &RulesPanel::clearFilterAsked);
    connect(m_noHits, &EmptyState::linkActivated, this, [this] { Q_EMIT filterAsked(m_closest); });
    auto *convert = new PageButton(PageButton::Look::Primary, tr("Convert…"), QStringLiteral("convert"));
    m_done->addButton(convert);
    connect(convert, &QAbstractButton::clicked, this, &RulesPanel::convertAsked);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_waiting);
    m_stack->addWidget(m_noHits);
    m_stack->addWidget(m_done);
}

RuleEditor *RulesPanel::newRuleEditor() const { return m_newRule; }
PairingProposal *RulesPanel::proposal() const { return m_proposal; }

void RulesPanel::follow(const MapFiltering &filtering)
{
    const bool pair = m_session.hasPair();
    for (QWidget *tool : std::as_const(m_tools))
        tool->setVisible(pair);
    if (pair)
        showRules(filtering);
    else
        showWaiting();
}

void RulesPanel::showWaiting()
{
    const bool source = m_session.checkpoint(Side::Source) != nullptr;
    m_header->setDetail(tr("none yet"));
    if (source)
        m_waiting->setText(tr("Open a target to see suggestions"),
                           m_usual->text().isEmpty() ? tr("Rules appear here as soon as both sides are open.") : m_usual->text());
    else
        m_waiting->setText(tr("Open a source to begin"), tr("The file or folder your weights come from."));
    m_useUsual->setVisible(source);
    m_useUsual->setText(m_usual->name().isEmpty() ? tr("Choose architecture…") : tr("Use %1").arg(m_usual->name()));
    m_open->setText(source ? tr("Open target…") : tr("Open source…"));
    m_open->show();
    m_stack->setCurrentIndex(Waiting);
}

void RulesPanel::showRules(const MapFiltering &filtering)
{
    const auto resolution = m_session.document().resolution();
    const auto &rules = m_session.document().resolvedMapping()->rules;
    const auto accepted = std::count_if(rules.begin(), rules.end(), [](const Rule &rule) { return rule.state == RuleState::Accepted; });
    QString detail = tr("%n rule(s)", nullptr, static_cast<int>(rules.size()));
    if (accepted > 0)
        detail += QStringLiteral(" · ") + tr("%1 accepted").arg(accepted);
    m_header->setDetail(m_session.isSuggesting() ? tr("suggesting…") : detail);
    if (filtering.noKeyPasses() && m_model->shownRules() == 0) {
        const KeyFilter &filter = filtering.filter();
        if (filter.openOnly() && filter.text().isEmpty()) {
            const std::size_t total = resolution ? resolution->targets.size() : 0;
            const std::size_t open = resolution ? openKeys(*resolution) : 0;
            m_done->setText(tr("%1 of %2 filled, no open questions").arg(countText(total - open), countText(total)),
                            tr("Nothing is left to do here."));
            m_stack->setCurrentIndex(NothingOpen);
            return;
        }
        const auto &closest = filtering.closest();
        m_closest = closest ? closest->term : QString();
        const QString what = filter.text().isEmpty() ? tr("No key has this status") : tr("No key matches “%1”").arg(filter.text());
        m_noHits->setText(filter.error().isEmpty() ? what : filter.error(),
                          closest ? tr("Closest: <a href='#'>%1</a>, %n key(s)", nullptr, closest->keys).arg(closest->term.toHtmlEscaped())
                                  : QString());
        m_stack->setCurrentIndex(NoHits);
    } else if (rules.empty() && !m_newRule && !m_proposal) {
        m_useUsual->hide();
        m_open->hide();
        if (m_session.isSuggesting())
            m_waiting->setText(tr("Looking for matching keys"), tr("Rules appear here as they are found."));
        else
            m_waiting->setText(tr("No rule yet"), tr("Drag a source row onto a target row, add a rule, or suggest again."));
        m_stack->setCurrentIndex(Waiting);
    } else {
        m_stack->setCurrentIndex(RulesList);
    }
}

void RulesPanel::addRule(const Rule &draft)
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
    closeProposal();
    delete m_newRule;
    m_stack->setCurrentIndex(RulesList);
    m_newRule = new RuleEditor(m_session, this);
    m_newRule->setFixedHeight(RuleEditor::height);
    m_newRule->setRule(none, start);
    m_column->insertWidget(1, m_newRule);
    m_newRule->show();
    m_newRule->sources()->setFocus();
    const auto close = [this] {
        m_newRule->deleteLater();
        m_newRule = nullptr;
        m_view->setFocus();
    };
    connect(m_newRule, &RuleEditor::discarded, m_newRule, close);
    connect(m_newRule, &RuleEditor::applied, m_newRule, [this, close](std::uint32_t, const Rule &rule) {
        close();
        m_edits.add(rule);
    });
}

void RulesPanel::propose(const PairingPlan &plan)
{
    delete m_newRule;
    delete m_proposal;
    m_stack->setCurrentIndex(RulesList);
    m_proposal = new PairingProposal(plan, m_session, this);
    m_column->insertWidget(1, m_proposal);
    m_proposal->show();
    m_proposal->setFocus();
    connect(m_proposal, &PairingProposal::chosenChanged, this, &RulesPanel::proposalChanged);
    connect(m_proposal, &PairingProposal::discarded, this, [this] {
        closeProposal();
        m_view->setFocus();
    });
    connect(m_proposal, &PairingProposal::applied, this, [this] {
        const PairingPlan::Variant chosen = m_proposal->chosen();
        const QString what = m_proposal->plan().what;
        closeProposal();
        m_view->setFocus();
        m_edits.applyPlan(chosen, what);
    });
    connect(m_proposal, &PairingProposal::editAsked, this, [this](const Rule &rule) { addRule(Rule(rule)); });
    Q_EMIT proposalChanged();
}

void RulesPanel::closeProposal()
{
    if (!m_proposal)
        return;
    m_proposal->hide();
    m_proposal->deleteLater();
    m_proposal = nullptr;
    Q_EMIT proposalChanged();
}

} // namespace rekey::ui
