// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/rulesmodel.h"

#include "ui/models/keystatus.h"
#include "ui/theme/displaytext.h"

#include <map>
#include <set>

namespace rekey::ui {

namespace {

constexpr std::size_t noNode = static_cast<std::size_t>(-1);

QString text(const std::string &utf8)
{
    return QString::fromStdString(utf8);
}

/// Whole literal segments that all patterns begin with, including the last dot. At least one segment stays.
QString commonPrefix(const std::vector<const Pattern *> &patterns)
{
    if (patterns.size() < 2)
        return {};
    QString prefix = text(patterns.front()->text());
    for (const Pattern *pattern : patterns) {
        const QString other = text(pattern->text());
        qsizetype same = 0;
        while (same < prefix.size() && same < other.size() && prefix[same] == other[same])
            ++same;
        prefix.truncate(same);
    }
    const qsizetype brace = prefix.indexOf(QLatin1Char('{'));
    if (brace >= 0)
        prefix.truncate(brace);
    return prefix.left(prefix.lastIndexOf(QLatin1Char('.')) + 1);
}

/// The first segment after `prefix`, with the prefix: what a rule is grouped by.
QString groupName(const std::vector<Pattern> &patterns, const QString &prefix)
{
    if (patterns.empty())
        return {};
    const QString whole = text(patterns.front().text());
    const qsizetype from = whole.startsWith(prefix) ? prefix.size() : 0;
    const qsizetype dot = whole.indexOf(QLatin1Char('.'), from);
    const QString name = dot < 0 ? whole : whole.left(dot);
    // Keys of a single segment would make a group each.
    return name.contains(QLatin1Char('{')) ? prefix.chopped(prefix.isEmpty() ? 0 : 1) : name;
}

QString joined(const std::vector<Pattern> &patterns, const QString &groupPrefix)
{
    const QString prefix = groupPrefix + QLatin1Char('.');
    QStringList shown;
    for (const Pattern &pattern : patterns) {
        const QString whole = text(pattern.text());
        shown.append(!groupPrefix.isEmpty() && whole.startsWith(prefix) ? whole.mid(prefix.size()) : whole);
    }
    return shown.join(QStringLiteral(", "));
}

} // namespace

RulesModel::RulesModel(QObject *parent)
    : QAbstractItemModel(parent)
    , m_mapping(std::make_shared<const Mapping>())
{
}

void RulesModel::setRules(std::shared_ptr<const Mapping> mapping, std::shared_ptr<const Resolution> resolution,
                          std::shared_ptr<const Schema> source, std::shared_ptr<const Schema> target)
{
    beginResetModel();
    m_mapping = std::move(mapping);
    m_resolution = std::move(resolution);
    m_source = std::move(source);
    m_target = std::move(target);
    m_chosen.clear();
    rebuild();
    endResetModel();
}

void RulesModel::setFilter(Show show, const KeyFilter &filter, std::vector<bool> matching)
{
    if (m_show == show && m_filter == filter && m_matching == matching)
        return;
    beginResetModel();
    m_show = show;
    m_filter = filter;
    m_matching = std::move(matching);
    rebuild();
    endResetModel();
}

const RuleEffect *RulesModel::effect(std::uint32_t rule) const
{
    return m_resolution && rule < m_resolution->rules.size() ? &m_resolution->rules[rule] : nullptr;
}

Status RulesModel::status(std::uint32_t rule) const
{
    return ruleStatus(m_mapping->rules[rule], effect(rule));
}

bool RulesModel::passes(std::uint32_t index) const
{
    const Rule &rule = m_mapping->rules[index];
    if (m_show == Show::Open && !isOpenQuestion(status(index)))
        return false;
    if (m_show == Show::ChangedByMe && rule.state != RuleState::Accepted)
        return false;
    if (!m_filter.matchesStatus(status(index)))
        return false;
    if (m_filter.isEmpty() || m_filter.text().isEmpty())
        return true;
    const auto matches = [this](const Pattern &pattern) { return m_filter.matchesText(text(pattern.text())); };
    if (std::any_of(rule.sources.begin(), rule.sources.end(), matches) || std::any_of(rule.targets.begin(), rule.targets.end(), matches))
        return true;
    // A pattern need not spell what its keys do.
    return index < m_matching.size() && m_matching[index];
}

void RulesModel::rebuild()
{
    const auto &rules = m_mapping->rules;
    std::vector<const Pattern *> sources, targets;
    for (const Rule &rule : rules) {
        for (const Pattern &pattern : rule.sources)
            sources.push_back(&pattern);
        for (const Pattern &pattern : rule.targets)
            targets.push_back(&pattern);
    }
    m_sourcePrefix = commonPrefix(sources);
    m_targetPrefix = commonPrefix(targets);

    m_groups.clear();
    m_groupOfRule.assign(rules.size(), none);
    std::map<std::pair<QString, QString>, std::uint32_t> groups;
    for (std::uint32_t index = 0; index < rules.size(); ++index) {
        if (!passes(index))
            continue;
        const Rule &rule = rules[index];
        const std::pair key(groupName(rule.sources, m_sourcePrefix), groupName(rule.targets, m_targetPrefix));
        const auto [place, added] = groups.try_emplace(key, static_cast<std::uint32_t>(m_groups.size()));
        if (added)
            m_groups.push_back({key.first, key.second, 0, {}, {}});
        m_groups[place->second].rules.push_back(index);
        m_groupOfRule[index] = place->second;
    }
    countChips();

    m_nodes.clear();
    m_children.assign(1, {}); // of the invisible root, node 0
    m_nodes.push_back({Kind::Group, none});
    m_parent.assign(1, 0);
    m_rowOf.assign(1, 0);
    m_groupNode.clear();
    m_ruleNode.assign(rules.size(), noNode);
    const auto add = [this](quintptr parent, Node node) {
        const quintptr id = m_nodes.size();
        m_nodes.push_back(node);
        m_children.emplace_back();
        m_parent.push_back(parent);
        m_rowOf.push_back(static_cast<int>(m_children[parent].size()));
        m_children[parent].push_back(id);
        return id;
    };
    for (std::uint32_t group = 0; group < m_groups.size(); ++group) {
        const quintptr groupId = add(0, {Kind::Group, group});
        m_groupNode.push_back(groupId);
        for (const std::uint32_t rule : m_groups[group].rules) {
            const quintptr ruleId = add(groupId, {Kind::Rule, group, rule});
            m_ruleNode[rule] = ruleId;
            if (rules[rule].state != RuleState::ToReview)
                continue;
            for (std::uint32_t candidate = 0; candidate < rules[rule].candidates.size(); ++candidate)
                add(ruleId, {Kind::Candidate, group, rule, candidate});
            add(ruleId, {Kind::Actions, group, rule});
        }
    }
}

void RulesModel::countChips()
{
    if (!m_resolution)
        return;
    std::vector<std::map<int, Chip>> counts(m_groups.size());
    const auto count = [&counts](std::uint32_t group, Status status) {
        Chip &chip = counts[group].try_emplace(severityRank(status), Chip{status, 0}).first->second;
        ++chip.keys;
    };
    std::vector<std::string> prefixes; // of the groups' target keys
    for (const Group &group : m_groups)
        prefixes.push_back(group.target.isEmpty() ? std::string() : group.target.toStdString() + '.');
    for (std::uint32_t i = 0; i < m_resolution->targets.size(); ++i) {
        const TargetOutcome &outcome = m_resolution->targets[i];
        const Status status = keyStatus(Side::Target, i, *m_resolution, *m_mapping);
        std::uint32_t group = outcome.rule < m_groupOfRule.size() ? m_groupOfRule[outcome.rule] : none;
        if (group == none && outcome.rule == none && m_target) {
            // Missing: with the group that fills its neighbours.
            for (std::uint32_t g = 0; g < prefixes.size() && group == none; ++g) {
                if (!prefixes[g].empty() && m_target->tensors[i].key.starts_with(prefixes[g]))
                    group = g;
            }
        }
        if (group == none)
            continue;
        count(group, status);
        if (outcome.rule != none)
            ++m_groups[group].keys;
    }
    for (std::uint32_t i = 0; i < m_resolution->sources.size(); ++i) {
        const SourceOutcome &outcome = m_resolution->sources[i];
        if (outcome.status == SourceStatus::Dropped && outcome.rule < m_groupOfRule.size() && m_groupOfRule[outcome.rule] != none) {
            count(m_groupOfRule[outcome.rule], Status::Dropped);
            ++m_groups[m_groupOfRule[outcome.rule]].keys;
        }
    }
    for (std::uint32_t group = 0; group < m_groups.size(); ++group) {
        for (const auto &[rank, chip] : counts[group])
            m_groups[group].chips.push_back(chip);
    }
}

std::size_t RulesModel::shownRules() const
{
    std::size_t shown = 0;
    for (const Group &group : m_groups)
        shown += group.rules.size();
    return shown;
}

QModelIndex RulesModel::indexOfRule(std::uint32_t rule) const
{
    if (rule >= m_ruleNode.size() || m_ruleNode[rule] == noNode)
        return {};
    return createIndex(m_rowOf[m_ruleNode[rule]], 0, quintptr(m_ruleNode[rule]));
}

QString RulesModel::sourceText(std::uint32_t rule) const
{
    const std::uint32_t group = m_groupOfRule[rule];
    return joined(m_mapping->rules[rule].sources, group == none ? QString() : m_groups[group].source);
}

QString RulesModel::targetText(std::uint32_t rule) const
{
    const std::uint32_t group = m_groupOfRule[rule];
    return joined(m_mapping->rules[rule].targets, group == none ? QString() : m_groups[group].target);
}

RulesModel::CandidateText RulesModel::candidateText(std::uint32_t rule, std::uint32_t index) const
{
    const Candidate &candidate = m_mapping->rules[rule].candidates[index];
    const Group &group = m_groups[m_groupOfRule[rule]];
    return {joined(candidate.sources, group.source), joined(candidate.targets, group.target), text(transformText(candidate.transform))};
}

QString RulesModel::reviewText(std::uint32_t index) const
{
    const Rule &rule = m_mapping->rules[index];
    if (rule.candidates.empty())
        return rule.evidence.empty() ? tr("no candidate") : keyText(rule.evidence.front());
    const QString count = tr("%n candidate(s)", nullptr, static_cast<int>(rule.candidates.size()));
    const bool plain = std::all_of(rule.candidates.begin(), rule.candidates.end(), [](const Candidate &c) { return c.transform.empty(); });
    return rule.candidates.size() > 1 && plain ? tr("%1, equal shapes").arg(count) : count;
}

int RulesModel::chosenCandidate(std::uint32_t rule) const
{
    const auto chosen = m_chosen.find(rule);
    return chosen == m_chosen.end() ? 0 : chosen->second;
}

void RulesModel::chooseCandidate(std::uint32_t rule, int candidate)
{
    m_chosen[rule] = candidate;
    const QModelIndex parent = indexOfRule(rule);
    if (parent.isValid())
        Q_EMIT dataChanged(index(0, 0, parent), index(rowCount(parent) - 1, 0, parent));
}

QModelIndex RulesModel::index(int row, int column, const QModelIndex &parent) const
{
    const quintptr id = parent.isValid() ? parent.internalId() : 0;
    if (column != 0 || row < 0 || parent.column() > 0 || id >= m_children.size() || static_cast<std::size_t>(row) >= m_children[id].size())
        return {};
    return createIndex(row, 0, m_children[id][static_cast<std::size_t>(row)]);
}

QModelIndex RulesModel::parent(const QModelIndex &child) const
{
    if (!child.isValid() || child.internalId() >= m_parent.size())
        return {};
    const quintptr id = m_parent[child.internalId()];
    return id == 0 ? QModelIndex() : createIndex(m_rowOf[id], 0, id);
}

int RulesModel::rowCount(const QModelIndex &parent) const
{
    const quintptr id = parent.isValid() ? parent.internalId() : 0;
    return parent.column() > 0 || id >= m_children.size() ? 0 : static_cast<int>(m_children[id].size());
}

int RulesModel::columnCount(const QModelIndex &) const
{
    return 1;
}

QString RulesModel::accessibleText(const QModelIndex &index) const
{
    const Node &n = node(index);
    switch (n.kind) {
    case Kind::Group:
        return tr("%1 to %2, %n key(s)", nullptr, m_groups[n.group].keys).arg(m_groups[n.group].source, m_groups[n.group].target);
    case Kind::Rule:
        return tr("%1 to %2, %3").arg(sourceText(n.rule), targetText(n.rule), statusWord(status(n.rule)));
    case Kind::Candidate: {
        const CandidateText shown = candidateText(n.rule, n.candidate);
        return tr("%1 to %2").arg(shown.source, shown.target);
    }
    case Kind::Actions:
        return tr("Answers");
    }
    return {};
}

QVariant RulesModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Node &n = node(index);
    if (role == Qt::DisplayRole || role == Qt::AccessibleTextRole)
        return accessibleText(index);
    if (role != Qt::ToolTipRole || n.kind != Kind::Rule)
        return {};
    const Rule &rule = m_mapping->rules[n.rule];
    QString tip = QStringLiteral("<p style='white-space:pre'>");
    for (const Pattern &pattern : rule.sources)
        tip += keyText(pattern.text()).toHtmlEscaped() + QStringLiteral("<br>");
    for (const Pattern &pattern : rule.targets)
        tip += QStringLiteral("→ ") + keyText(pattern.text()).toHtmlEscaped() + QStringLiteral("<br>");
    if (const std::string transform = transformText(rule.transform); !transform.empty())
        tip += text(transform).toHtmlEscaped() + QStringLiteral("<br>");
    tip += QStringLiteral("<b>") + statusWord(status(n.rule)) + QStringLiteral("</b>");
    if (const RuleEffect *e = effect(n.rule); e != nullptr && !e->problem.empty())
        tip += QStringLiteral("<br>") + keyText(e->problem).toHtmlEscaped();
    if (!rule.evidence.empty())
        tip += QStringLiteral("<br>") + keyText(rule.evidence.front()).toHtmlEscaped();
    return tip + QStringLiteral("</p>");
}

Qt::ItemFlags RulesModel::flags(const QModelIndex &index) const
{
    if (!index.isValid())
        return Qt::NoItemFlags;
    const Kind kind = node(index).kind;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
    if (kind == Kind::Rule)
        flags |= Qt::ItemIsEditable;
    if (kind == Kind::Candidate || kind == Kind::Actions)
        flags |= Qt::ItemNeverHasChildren;
    return flags;
}

} // namespace rekey::ui
