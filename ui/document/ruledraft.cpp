// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/ruledraft.h"

#include "core/base/error.h"
#include "ui/theme/displaytext.h"

#include <QCoreApplication>
#include <QStringList>

namespace rekey::ui {

namespace {

const QString separator = QStringLiteral(", ");

QString translated(const char *text, int n = -1)
{
    return QCoreApplication::translate("RuleDraft", text, nullptr, n);
}

QString joined(const std::vector<Pattern> &patterns)
{
    QStringList texts;
    for (const Pattern &pattern : patterns)
        texts.append(QString::fromStdString(pattern.text()));
    return texts.join(separator);
}

std::optional<DraftError> parsePatterns(const QString &text, DraftField field, std::vector<Pattern> &patterns)
{
    patterns.clear();
    qsizetype begin = 0;
    while (begin < text.size()) {
        qsizetype end = text.indexOf(QLatin1Char(','), begin);
        if (end < 0)
            end = text.size();
        const QString piece = text.mid(begin, end - begin);
        const QString trimmed = piece.trimmed();
        const qsizetype offset = begin + piece.indexOf(trimmed);
        if (trimmed.isEmpty())
            return DraftError{field, begin, translated("a key pattern between the commas")};
        const std::string utf8 = trimmed.toStdString();
        try {
            patterns.push_back(Pattern::parse(utf8));
        } catch (const PatternError &error) {
            const auto bytes = static_cast<qsizetype>(std::min(error.position(), utf8.size()));
            return DraftError{field, offset + QString::fromUtf8(utf8.data(), bytes).size(), QString::fromUtf8(error.what())};
        }
        begin = end + 1;
    }
    return std::nullopt;
}

/// A problem without its "Rule 4 …: ": the rule is the one in edit.
QString problemText(const std::string &problem)
{
    const QString text = keyText(problem);
    const qsizetype colon = text.indexOf(QStringLiteral(": "));
    QString sentence = text.startsWith(QStringLiteral("Rule ")) && colon > 0 ? text.mid(colon + 2) : text;
    sentence[0] = sentence[0].toUpper();
    return sentence.toHtmlEscaped();
}

QString keys(std::size_t count)
{
    return count == 1 ? translated("1 key") : translated("%1 keys").arg(countText(count));
}

} // namespace

RuleDraft RuleDraft::of(const Rule &rule)
{
    return {joined(rule.sources), joined(rule.targets), QString::fromStdString(transformText(rule.transform))};
}

ParsedDraft parseDraft(const RuleDraft &draft, const Rule &base)
{
    ParsedDraft parsed{base, std::nullopt};
    Rule &rule = parsed.rule;
    rule.state = RuleState::Accepted;
    rule.confidence = 1;
    rule.candidates.clear();
    if ((parsed.error = parsePatterns(draft.sources, DraftField::Sources, rule.sources)))
        return parsed;
    if ((parsed.error = parsePatterns(draft.targets, DraftField::Targets, rule.targets)))
        return parsed;
    if (rule.kind == RuleKind::Map && rule.sources.empty())
        parsed.error = DraftError{DraftField::Sources, 0, translated("a source key, such as blocks.{i}.{leaf}")};
    else if (rule.kind == RuleKind::Map && rule.targets.empty())
        parsed.error = DraftError{DraftField::Targets, 0, translated("a target key, such as layers.{i}.{leaf}")};
    if (parsed.error)
        return parsed;
    try {
        rule.transform = draft.transform.trimmed().isEmpty() ? Transform{} : parseTransform(draft.transform.toStdString());
    } catch (const Error &error) {
        parsed.error = DraftError{DraftField::Transform, 0, QString::fromStdString(error.reason())};
    }
    return parsed;
}

Status DraftEffect::status() const
{
    if (error || effect.mismatched > 0)
        return Status::Mismatched;
    if (effect.collisions > 0)
        return Status::Conflicting;
    return effect.targetKeys == 0 && effect.sourceKeys == 0 ? Status::Missing : Status::Filled;
}

QString DraftEffect::text() const
{
    const auto bold = [](const QString &part) { return QStringLiteral("<b>%1</b>").arg(part.toHtmlEscaped()); };
    if (error)
        return translated("Expected %1").arg(error->expected.toHtmlEscaped());
    if (effect.targetKeys == 0 && effect.sourceKeys == 0)
        return effect.problem.empty() ? translated("No key matches") : problemText(effect.problem);
    if (effect.targetKeys == 0)
        return bold(keys(effect.sourceKeys)) + QStringLiteral(" · ")
               + (effect.problem.empty() ? translated("dropped") : problemText(effect.problem));
    QStringList parts{bold(keys(effect.targetKeys))};
    parts += effect.collisions == 0 ? translated("no collision") : bold(translated("%1 collide").arg(effect.collisions));
    if (effect.mismatched == 0)
        parts += translated("shapes agree");
    else
        parts += effect.problem.empty() ? bold(translated("%1 shapes differ").arg(effect.mismatched)) : problemText(effect.problem);
    QStringList gains;
    if (fillsMissing > 0)
        gains += translated("fills %1").arg(bold(translated("%1 missing").arg(fillsMissing)));
    if (usesUnused > 0)
        gains += translated("uses %1").arg(bold(translated("%1 unused").arg(usesUnused)));
    if (!gains.isEmpty())
        parts += gains.join(separator);
    else
        parts += translated("fills %1").arg(effect.filled);
    if (effect.missingPartners > 0)
        parts += translated("%1 without partner").arg(effect.missingPartners);
    return parts.join(QStringLiteral(" · "));
}

DraftEffect draftEffect(const RuleDraft &draft, std::uint32_t index, const Mapping &mapping, const Resolution *before,
                        const Schema &source, const Schema &target, const Progress &progress)
{
    DraftEffect result;
    Mapping next = mapping;
    if (index >= next.rules.size()) {
        index = static_cast<std::uint32_t>(next.rules.size());
        next.rules.emplace_back();
    }
    ParsedDraft parsed = parseDraft(draft, next.rules[index]);
    result.error = std::move(parsed.error);
    if (result.error)
        return result;
    next.rules[index] = std::move(parsed.rule);
    progress.check();
    const Resolution after = resolve(next, source, target);
    if (index < after.rules.size())
        result.effect = after.rules[index];
    if (before == nullptr)
        return result;
    for (std::size_t i = 0; i < after.targets.size() && i < before->targets.size(); ++i) {
        if (after.targets[i].rule == index && after.targets[i].status == TargetStatus::Filled
            && before->targets[i].status != TargetStatus::Filled && before->targets[i].status != TargetStatus::Initialised)
            ++result.fillsMissing;
    }
    for (std::size_t i = 0; i < after.sources.size() && i < before->sources.size(); ++i) {
        if (after.sources[i].status == SourceStatus::Used && before->sources[i].status == SourceStatus::Unused)
            ++result.usesUnused;
    }
    return result;
}

} // namespace rekey::ui
