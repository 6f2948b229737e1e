// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/keystatus.h"

#include "ui/theme/displaytext.h"

#include <QCoreApplication>

#include <array>

namespace rekey::ui {

namespace {

Status ofState(RuleState state)
{
    switch (state) {
    case RuleState::Proven: return Status::Proven;
    case RuleState::Suggested: return Status::Suggested;
    case RuleState::Accepted: return Status::Accepted;
    case RuleState::ToReview: return Status::ToReview;
    }
    return Status::None;
}

const Rule *ruleAt(const Mapping &mapping, std::uint32_t index)
{
    return index < mapping.rules.size() ? &mapping.rules[index] : nullptr;
}

Status targetStatus(const TargetOutcome &outcome, const Mapping &mapping)
{
    switch (outcome.status) {
    case TargetStatus::Filled: {
        const Rule *rule = ruleAt(mapping, outcome.rule);
        return rule != nullptr ? ofState(rule->state) : Status::Filled;
    }
    case TargetStatus::Initialised: return Status::Initialised;
    case TargetStatus::ToReview: return Status::ToReview;
    case TargetStatus::Missing: return Status::Missing;
    case TargetStatus::Mismatched: return Status::Mismatched;
    case TargetStatus::Conflicting: return Status::Conflicting;
    }
    return Status::None;
}

Status sourceStatus(const SourceOutcome &outcome, const Mapping &mapping)
{
    switch (outcome.status) {
    case SourceStatus::Used: {
        const Rule *rule = ruleAt(mapping, outcome.rule);
        return rule != nullptr ? ofState(rule->state) : Status::Filled;
    }
    case SourceStatus::ToReview: return Status::ToReview;
    case SourceStatus::Dropped: return Status::Dropped;
    case SourceStatus::Unused: return Status::Unused;
    }
    return Status::None;
}

QString translated(const char *text)
{
    return QCoreApplication::translate("Status", text);
}

} // namespace

Status keyStatus(Side side, std::uint32_t tensor, const Resolution &resolution, const Mapping &mapping)
{
    if (side == Side::Target)
        return tensor < resolution.targets.size() ? targetStatus(resolution.targets[tensor], mapping) : Status::None;
    return tensor < resolution.sources.size() ? sourceStatus(resolution.sources[tensor], mapping) : Status::None;
}

std::vector<Status> keyStatuses(Side side, const Resolution &resolution, const Mapping &mapping)
{
    const std::size_t count = side == Side::Target ? resolution.targets.size() : resolution.sources.size();
    std::vector<Status> statuses(count);
    for (std::uint32_t i = 0; i < count; ++i)
        statuses[i] = keyStatus(side, i, resolution, mapping);
    return statuses;
}

QString keyStatusText(Side side, std::uint32_t tensor, const Resolution &resolution, const Mapping &mapping)
{
    const Status status = keyStatus(side, tensor, resolution, mapping);
    const std::uint32_t index = side == Side::Target ? resolution.targets[tensor].rule : resolution.sources[tensor].rule;
    const Rule *rule = ruleAt(mapping, index);
    QString text = statusWord(status);
    switch (status) {
    case Status::Suggested:
        return rule != nullptr ? text + QLatin1Char(' ') + confidenceText(rule->confidence) : text;
    case Status::Missing:
        return text + QStringLiteral(" · ") + translated("missing key: no rule fills it");
    case Status::Unused:
        return text + QStringLiteral(" · ") + translated("unexpected key: no rule uses it");
    case Status::Initialised:
        if (rule != nullptr)
            text += QStringLiteral(": ")
                    + QString::fromUtf8(initPolicyName(rule->init).data(), static_cast<int>(initPolicyName(rule->init).size()));
        return text;
    case Status::Dropped:
        return rule != nullptr && !rule->reason.empty() ? text + QStringLiteral(": ") + keyText(rule->reason) : text;
    case Status::Mismatched:
    case Status::Conflicting:
        return text + QStringLiteral(": ") + QString::fromStdString(resolution.targets[tensor].why);
    default:
        return text;
    }
}

Status ruleStatus(const Rule &rule, const RuleEffect *effect)
{
    if (effect != nullptr) {
        if (effect->mismatched > 0)
            return Status::Mismatched;
        if (effect->collisions > 0)
            return Status::Conflicting;
        const bool nothingLeft = effect->shadowed > 0 && effect->filled == 0 && effect->sourceKeys == 0;
        if (nothingLeft)
            return Status::Shadowed;
    }
    if (rule.state == RuleState::ToReview)
        return Status::ToReview;
    if (rule.kind == RuleKind::Drop)
        return Status::Dropped;
    if (rule.kind == RuleKind::Init)
        return Status::Initialised;
    return ofState(rule.state);
}

int severityRank(Status status)
{
    static constexpr std::array order = {Status::Conflicting, Status::Mismatched, Status::Missing,  Status::ToReview, Status::Unused,
                                         Status::Suggested,   Status::Accepted,   Status::Filled,   Status::Initialised,
                                         Status::Proven,      Status::Dropped,    Status::Shadowed, Status::None};
    return static_cast<int>(std::find(order.begin(), order.end(), status) - order.begin());
}

Status worse(Status a, Status b)
{
    return severityRank(b) < severityRank(a) ? b : a;
}

bool isOpenQuestion(Status status)
{
    return severityRank(status) <= severityRank(Status::ToReview);
}

std::vector<Status> nodeStatuses(const KeyTree &tree, const std::vector<Status> &byTensor)
{
    std::vector<Status> statuses(tree.nodes.size(), Status::None);
    // Children come after their parents in no promised order, so the worst is carried up leaf by leaf.
    for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
        Status own = Status::None;
        for (const std::uint32_t tensor : tree.nodes[node].tensors) {
            if (tensor < byTensor.size())
                own = worse(own, byTensor[tensor]);
        }
        if (own == Status::None)
            continue;
        for (std::uint32_t up = node;; up = tree.nodes[up].parent) {
            if (severityRank(statuses[up]) <= severityRank(own))
                break;
            statuses[up] = own;
            if (up == KeyTree::root)
                break;
        }
    }
    return statuses;
}

} // namespace rekey::ui
