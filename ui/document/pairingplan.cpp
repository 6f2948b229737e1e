// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/pairingplan.h"

#include "core/suggest/suggest.h"
#include "ui/document/rulesedit.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>
#include <QStringList>

#include <set>

namespace rekey::ui {

namespace {

QString translated(const char *text)
{
    return QCoreApplication::translate("PairingPlan", text);
}

QString keys(std::size_t count)
{
    return count == 1 ? translated("1 key") : translated("%1 keys").arg(countText(count));
}

QString joined(const std::vector<Pattern> &patterns)
{
    QStringList texts;
    for (const Pattern &pattern : patterns)
        texts.append(keyText(pattern.text()));
    return texts.join(QStringLiteral(", "));
}

PairingPlan::Variant variant(std::vector<Rule> rules, const Mapping &mapping, const Resolution *before, const Schema &source,
                             const Schema &target, const Progress &progress)
{
    PairingPlan::Variant made;
    Mapping alone;
    alone.rules = rules;
    made.bindings = resolve(alone, source, target).assignments;
    progress.check();
    std::set<std::uint32_t> read, written;
    for (const Assignment &binding : made.bindings) {
        read.insert(binding.sources.begin(), binding.sources.end());
        written.insert(binding.targets.begin(), binding.targets.end());
    }
    made.sourceKeys = read.size();
    made.targetKeys = written.size();
    made.next = withRulesPreferred(mapping, rules, source, target, &made.firstRule);
    progress.check();
    const Resolution after = resolve(made.next, source, target);
    const std::size_t end = std::min<std::size_t>(made.firstRule + rules.size(), after.rules.size());
    for (std::size_t rule = made.firstRule; rule < end; ++rule) {
        made.collisions += after.rules[rule].collisions;
        made.mismatched += after.rules[rule].mismatched;
    }
    for (const std::uint32_t written_ : written) {
        if (before == nullptr || written_ >= before->targets.size())
            continue;
        const TargetStatus was = before->targets[written_].status;
        if (was == TargetStatus::Filled)
            ++made.takesOver;
        else if (was != TargetStatus::Initialised && after.targets[written_].status == TargetStatus::Filled)
            ++made.fillsMissing;
    }
    made.rules = std::move(rules);
    return made;
}

} // namespace

Status PairingPlan::Variant::status() const
{
    if (mismatched > 0)
        return Status::Mismatched;
    return collisions > 0 ? Status::Conflicting : Status::Filled;
}

QString PairingPlan::Variant::text() const
{
    const auto bold = [](const QString &part) { return QStringLiteral("<b>%1</b>").arg(part.toHtmlEscaped()); };
    QStringList parts;
    parts += sourceKeys == targetKeys ? bold(keys(targetKeys))
                                      : bold(translated("%1 → %2").arg(keys(sourceKeys), keys(targetKeys)));
    parts += collisions == 0 ? translated("no collision") : bold(translated("%1 collide").arg(collisions));
    parts += mismatched == 0 ? translated("shapes agree") : bold(translated("%1 shapes differ").arg(mismatched));
    if (fillsMissing > 0)
        parts += translated("fills %1").arg(bold(translated("%1 open").arg(countText(fillsMissing))));
    if (takesOver > 0)
        parts += translated("takes over %1").arg(countText(takesOver));
    return parts.join(QStringLiteral(" · "));
}

PairingPlan planPairing(const std::vector<std::uint32_t> &sources, const std::vector<std::uint32_t> &targets, const Mapping &mapping,
                        const Resolution *before, const Schema &source, const Schema &target, const Progress &progress)
{
    const Inference inference = inferRules(sources, targets, source, target);
    progress.check();
    PairingPlan plan;
    plan.what = QString::fromStdString(inference.text);
    if (plan.what == QStringLiteral("1 → 1"))
        plan.what.clear();
    plan.everywhere = variant(inference.rules, mapping, before, source, target, progress);
    plan.onlyThese = variant(inference.literal, mapping, before, source, target, progress);
    plan.hasChoice = plan.everywhere.targetKeys != plan.onlyThese.targetKeys || plan.everywhere.sourceKeys != plan.onlyThese.sourceKeys;
    return plan;
}

QString ruleLine(const Rule &rule)
{
    return joined(rule.sources) + QStringLiteral(" → ") + joined(rule.targets);
}

} // namespace rekey::ui
