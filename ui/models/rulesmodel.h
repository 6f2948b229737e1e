// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"
#include "ui/models/keyfilter.h"
#include "ui/theme/theme.h"

#include <QAbstractItemModel>

#include <memory>
#include <vector>

namespace rekey::ui {

/// The rules of a mapping in groups by their first segments; a rule to review has its candidates below it.
class RulesModel : public QAbstractItemModel
{
    Q_OBJECT
public:
    enum class Kind : quint8 { Group, Rule, Candidate, Actions };
    enum class Show : quint8 { All, Open, ChangedByMe };

    struct Chip
    {
        Status status;
        int keys;
        bool operator==(const Chip &) const = default;
    };
    struct Group
    {
        QString source, target; ///< "image_encoder", "vision_encoder"; a side may be empty
        int keys = 0;           ///< target keys
        std::vector<Chip> chips;
        std::vector<std::uint32_t> rules;
        bool operator==(const Group &) const = default;
    };
    struct Node
    {
        Kind kind;
        std::uint32_t group = 0;
        std::uint32_t rule = none;
        std::uint32_t candidate = 0;
    };

    explicit RulesModel(QObject *parent = nullptr);

    void setRules(std::shared_ptr<const Mapping> mapping, std::shared_ptr<const Resolution> resolution,
                  std::shared_ptr<const Schema> source, std::shared_ptr<const Schema> target);
    /// `matching`: by rule, whether one of its keys passes the filter's text; computed off the GUI thread.
    void setFilter(Show show, const KeyFilter &filter, std::vector<bool> matching);

    const std::shared_ptr<const Mapping> &mapping() const { return m_mapping; }
    const std::shared_ptr<const Resolution> &resolution() const { return m_resolution; }
    const Node &node(const QModelIndex &index) const { return m_nodes[index.internalId()]; }
    const Group &group(const QModelIndex &index) const { return m_groups[node(index).group]; }
    const Rule &rule(const QModelIndex &index) const { return m_mapping->rules[node(index).rule]; }
    const RuleEffect *effect(std::uint32_t rule) const;
    Status status(std::uint32_t rule) const;
    QModelIndex indexOfRule(std::uint32_t rule) const;
    QModelIndex indexOfGroup(int group) const { return index(group, 0); }
    std::size_t shownRules() const;

    /// Sources and targets of a rule as its row shows them: without the group's prefix, several joined with ", ".
    QString sourceText(std::uint32_t rule) const;
    QString targetText(std::uint32_t rule) const;
    struct CandidateText { QString source, target, transform; };
    CandidateText candidateText(std::uint32_t rule, std::uint32_t candidate) const;
    /// "2 candidates, equal shapes"
    QString reviewText(std::uint32_t rule) const;

    /// The chosen candidate of a rule to review; a choice is no edit until it is accepted.
    int chosenCandidate(std::uint32_t rule) const;
    void chooseCandidate(std::uint32_t rule, int candidate);

    QModelIndex index(int row, int column, const QModelIndex &parent = {}) const override;
    QModelIndex parent(const QModelIndex &child) const override;
    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;

private:
    void rebuild();
    bool passes(std::uint32_t rule) const;
    void countChips();
    std::size_t groupNode(std::uint32_t group) const { return m_groupNode[group]; }
    QString accessibleText(const QModelIndex &index) const;

    std::shared_ptr<const Mapping> m_mapping;
    std::shared_ptr<const Resolution> m_resolution;
    std::shared_ptr<const Schema> m_source, m_target;
    Show m_show = Show::All;
    KeyFilter m_filter;
    std::vector<bool> m_matching;
    std::vector<Group> m_groups;
    std::vector<Node> m_nodes;
    std::vector<std::vector<quintptr>> m_children; ///< by node
    std::vector<quintptr> m_parent;                ///< by node
    std::vector<int> m_rowOf;                      ///< by node
    std::vector<std::size_t> m_groupNode, m_ruleNode;
    std::vector<std::uint32_t> m_groupOfRule;
    std::map<std::uint32_t, int> m_chosen;
    QString m_sourcePrefix, m_targetPrefix; ///< what every pattern of a side begins with ("model.")
};

} // namespace rekey::ui
