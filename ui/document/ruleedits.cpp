// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/ruleedits.h"

#include "ui/document/rulesedit.h"
#include "ui/jobs/job.h"

namespace rekey::ui {

RuleEdits::RuleEdits(Session &session, QObject *parent)
    : QObject(parent)
    , m_session(session)
{
}

void RuleEdits::accept(const std::vector<std::uint32_t> &rules, const std::function<std::size_t(std::uint32_t)> &chosen)
{
    Mapping next = m_session.document().mapping();
    for (const std::uint32_t index : rules) {
        if (index >= next.rules.size())
            continue;
        Rule &rule = next.rules[index];
        // An open question without an answer stays one.
        if (rule.state == RuleState::ToReview && !rule.candidates.empty())
            rule = withCandidate(rule, chosen(index));
        else if (rule.state != RuleState::ToReview)
            rule.state = RuleState::Accepted;
    }
    m_session.document().change(std::move(next),
                                rules.size() == 1 ? tr("Accept rule") : tr("Accept %n rule(s)", nullptr, static_cast<int>(rules.size())));
}

void RuleEdits::acceptAllSuggested()
{
    std::vector<std::uint32_t> suggested;
    const auto &rules = m_session.document().mapping().rules;
    for (std::uint32_t i = 0; i < rules.size(); ++i) {
        if (rules[i].state == RuleState::Suggested)
            suggested.push_back(i);
    }
    if (!suggested.empty())
        accept(suggested, [](std::uint32_t) { return std::size_t(0); });
}

void RuleEdits::acceptCandidate(std::uint32_t rule, std::size_t candidate)
{
    const auto &rules = m_session.document().mapping().rules;
    if (rule >= rules.size())
        return;
    Q_EMIT changed(rule);
    m_session.document().changeRule(rule, withCandidate(rules[rule], candidate), tr("Accept candidate"));
}

void RuleEdits::reject(const std::vector<std::uint32_t> &rules)
{
    if (!rules.empty())
        m_session.document().removeRules(rules, rules.size() == 1 ? tr("Reject rule")
                                                                  : tr("Reject %n rule(s)", nullptr, static_cast<int>(rules.size())));
}

void RuleEdits::replace(std::uint32_t rule, Rule next)
{
    Q_EMIT changed(rule);
    m_session.document().changeRule(rule, std::move(next), tr("Edit rule"));
}

void RuleEdits::add(Rule rule)
{
    MappingDocument &document = m_session.document();
    if (!document.source() || !document.target())
        return;
    struct Added { Mapping next; std::uint32_t first = none; };
    m_session.jobs().start(
        this, QStringLiteral("add"), tr("Adding the rule"),
        [rule = std::move(rule), mapping = document.mapping(), source = document.source(), target = document.target()](const Progress &) {
            Added added;
            added.next = withRulesPreferred(mapping, {rule}, *source, *target, &added.first);
            return added;
        },
        [this](Added added) {
            Q_EMIT changed(added.first);
            m_session.document().change(std::move(added.next), tr("Add rule"));
        });
}

void RuleEdits::applyPlan(const PairingPlan::Variant &plan, const QString &what)
{
    Q_EMIT changed(plan.firstRule);
    m_session.document().change(plan.next, what.isEmpty() ? tr("Pair keys") : tr("Pair %1").arg(what));
}

void RuleEdits::drop(std::vector<std::uint32_t> sources, const QString &reason)
{
    MappingDocument &document = m_session.document();
    const auto tree = m_session.keyTree(Side::Source);
    if (!document.source() || !tree || sources.empty())
        return;
    m_session.jobs().start(
        this, QStringLiteral("drop"), tr("Dropping keys"),
        [sources = std::move(sources), reason = reason.toStdString(), tree, source = document.source(),
         mapping = document.mapping()](const Progress &) {
            Mapping next = mapping;
            for (Pattern &pattern : patternsFor(sources, *tree, *source)) {
                Rule rule;
                rule.kind = RuleKind::Drop;
                rule.sources.push_back(std::move(pattern));
                rule.reason = reason;
                next.rules.push_back(std::move(rule));
            }
            return next;
        },
        [this](Mapping next) {
            Q_EMIT changed(static_cast<std::uint32_t>(m_session.document().mapping().rules.size()));
            m_session.document().change(std::move(next), tr("Drop keys"));
        });
}

void RuleEdits::initialise(std::vector<std::uint32_t> targets, InitPolicy policy)
{
    MappingDocument &document = m_session.document();
    const auto tree = m_session.keyTree(Side::Target);
    if (!document.source() || !document.target() || !tree || targets.empty())
        return;
    struct Initialised { Mapping next; std::uint32_t first = none; };
    m_session.jobs().start(
        this, QStringLiteral("initialise"), tr("Initialising keys"),
        [targets = std::move(targets), policy, tree, source = document.source(), target = document.target(),
         mapping = document.mapping()](const Progress &) {
            std::vector<Rule> rules;
            for (Pattern &pattern : patternsFor(targets, *tree, *target)) {
                Rule rule;
                rule.kind = RuleKind::Init;
                rule.targets.push_back(std::move(pattern));
                rule.init = policy;
                rules.push_back(std::move(rule));
            }
            Initialised made;
            made.next = withRulesPreferred(mapping, std::move(rules), *source, *target, &made.first);
            return made;
        },
        [this](Initialised made) {
            Q_EMIT changed(made.first);
            m_session.document().change(std::move(made.next), tr("Initialise keys"));
        });
}

} // namespace rekey::ui
