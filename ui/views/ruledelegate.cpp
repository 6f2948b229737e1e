// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/ruledelegate.h"

#include "ui/models/keystatus.h"
#include "ui/theme/displaytext.h"
#include "ui/views/ruleeditor.h"
#include "ui/window/paintkit.h"

#include <QPainter>
#include <QRegularExpression>

namespace rekey::ui {

namespace {

void drawIcon(QPainter &painter, const QString &name, int x, int middle, const QColor &colour, int size = 16)
{
    painter.drawPixmap(x, middle - size / 2, iconPixmap(name, size, painter.device()->devicePixelRatioF(), colour));
}

int drawText(QPainter &painter, int left, const QRect &row, int right, const QFont &font, const QColor &colour, const QString &text)
{
    const QFontMetrics metrics(font);
    const QString cut = metrics.elidedText(text, Qt::ElideMiddle, std::max(0, right - left));
    painter.setFont(font);
    painter.setPen(colour);
    painter.drawText(QRect(left, row.y(), right - left + 1, row.height()), Qt::AlignVCenter | Qt::AlignLeft, cut);
    return left + metrics.horizontalAdvance(cut);
}

void drawRight(QPainter &painter, int right, const QRect &row, const QFont &font, const QColor &colour, const QString &text)
{
    painter.setFont(font);
    painter.setPen(colour);
    painter.drawText(QRect(right - 120, row.y(), 120, row.height()), Qt::AlignVCenter | Qt::AlignRight, text);
}

QString evidenceWord(const Rule &rule, Status status)
{
    switch (status) {
    case Status::Suggested:
        return confidenceText(rule.confidence);
    case Status::Initialised:
        return QObject::tr("init");
    default:
        return statusWord(status).toLower();
    }
}

QString unfilledText(const Rule &rule)
{
    if (rule.kind == RuleKind::Drop)
        return rule.reason.empty() ? QObject::tr("dropped") : QObject::tr("dropped: %1").arg(keyText(rule.reason));
    const std::string_view policy = initPolicyName(rule.init);
    return QObject::tr("initialised: %1").arg(QString::fromUtf8(policy.data(), static_cast<qsizetype>(policy.size())));
}

} // namespace

/// Shortened in its first segments, so that the leaf and the variables before it stay whole.
QString shortPattern(const QString &text, const QFontMetrics &metrics, int width)
{
    if (metrics.horizontalAdvance(text) <= width)
        return text;
    // Alternatives go first: {part:attn|mlp} is {part}.
    static const QRegularExpression alternatives(QStringLiteral("\\{(\\w+):[^}]*\\}"));
    if (text.contains(alternatives))
        return shortPattern(QString(text).replace(alternatives, QStringLiteral("{\\1}")), metrics, width);
    const QString dots = QStringLiteral("…");
    for (qsizetype dot = text.indexOf(QLatin1Char('.')); dot >= 0; dot = text.indexOf(QLatin1Char('.'), dot + 1)) {
        const QString tail = dots + text.mid(dot);
        if (metrics.horizontalAdvance(tail) > width)
            continue;
        // As much of the beginning as fits, but no broken variable.
        qsizetype head = 0;
        while (head < dot && text[head] != QLatin1Char('{') && metrics.horizontalAdvance(text.left(head + 1) + tail) <= width)
            ++head;
        return text.left(head) + tail;
    }
    return metrics.elidedText(text, Qt::ElideLeft, width);
}

void drawPattern(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme, const QColor &colour)
{
    const QFontMetrics metrics(painter.font());
    const QString cut = shortPattern(text, metrics, rect.width());
    int x = rect.x();
    qsizetype at = 0;
    while (at < cut.size()) {
        const bool variable = cut[at] == QLatin1Char('{');
        qsizetype end = cut.indexOf(QLatin1Char(variable ? '}' : '{'), at + 1);
        if (end < 0)
            end = cut.size();
        else if (variable)
            ++end;
        const QString piece = cut.mid(at, end - at);
        painter.setPen(variable ? theme.accent : colour);
        painter.drawText(QRect(x, rect.y(), metrics.horizontalAdvance(piece) + 4, rect.height()), Qt::AlignVCenter | Qt::AlignLeft, piece);
        x += metrics.horizontalAdvance(piece);
        at = end;
    }
}

RuleColumns RuleColumns::of(int width)
{
    RuleColumns columns{};
    columns.iconLeft = 13;
    columns.sourceLeft = 36;
    columns.evidenceRight = width - 12;
    columns.keysRight = width - 80;
    columns.targetRight = columns.keysRight - 40;
    columns.arrowLeft = columns.sourceLeft + (columns.targetRight - columns.sourceLeft) / 2 - 14;
    columns.sourceRight = columns.arrowLeft - 8;
    columns.targetLeft = columns.arrowLeft + 22;
    return columns;
}

RuleDelegate::RuleDelegate(const RulesModel *model, QObject *parent)
    : QStyledItemDelegate(parent)
    , m_model(model)
{
}

QSize RuleDelegate::sizeHint(const QStyleOptionViewItem &, const QModelIndex &index) const
{
    switch (m_model->node(index).kind) {
    case RulesModel::Kind::Candidate:
        return {200, candidateHeight};
    case RulesModel::Kind::Actions:
        return {200, actionsHeight};
    case RulesModel::Kind::Rule:
        return {200, m_model->node(index).rule == m_editedRule ? RuleEditor::height : rowHeight};
    default:
        return {200, rowHeight};
    }
}

void RuleDelegate::paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    const Theme theme = Theme::of(option.palette);
    painter->save();
    switch (m_model->node(index).kind) {
    case RulesModel::Kind::Group:
        paintGroup(*painter, option, index, theme);
        break;
    case RulesModel::Kind::Rule:
        paintRule(*painter, option, index, theme);
        break;
    case RulesModel::Kind::Candidate:
        paintCandidate(*painter, option, index, theme);
        break;
    case RulesModel::Kind::Actions:
        painter->fillRect(option.rect, theme.base);
        painter->fillRect(QRect(0, option.rect.y(), 2, option.rect.height()), theme.status(Status::ToReview).foreground);
        paintLineBelow(*painter, option.rect, theme.line);
        break;
    }
    painter->restore();
}

void RuleDelegate::paintGroup(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const
{
    const RulesModel::Group &group = m_model->group(index);
    const QRect &row = option.rect;
    const bool selected = option.state & QStyle::State_Selected;
    painter.fillRect(row, selected ? theme.sel : m_hovered == index ? theme.hover : theme.alt);
    paintLineBelow(painter, row, theme.line);
    const int middle = row.center().y() + 1;
    drawIcon(painter, option.state & QStyle::State_Open ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right"), 8, middle,
             theme.text3, 14);

    int right = row.right() - 11;
    const std::size_t chips = row.width() < 560 ? 1 : 2;
    // The worst two, the worst at the right.
    for (std::size_t i = 0; i < std::min(chips, group.chips.size()); ++i) {
        const RulesModel::Chip &chip = group.chips[i];
        const QString text = QStringLiteral("%1 %2").arg(statusWord(chip.status), countText(quint64(chip.keys)));
        right
            -= paintChip(painter, QRect(0, row.y(), right + 1, row.height()), statusIcon(chip.status), text, theme.status(chip.status)) + 8;
    }
    QFont bold = headerFont();
    int x = 28;
    const int room = right - 80;
    const bool both = !group.source.isEmpty() && !group.target.isEmpty();
    const QString first = group.source.isEmpty() ? group.target : group.source;
    if (first.isEmpty()) {
        x = drawText(painter, x, row, room, bold, theme.text, tr("All keys"));
    } else {
        x = drawText(painter, x, row, both ? x + (room - x) / 2 : room, bold, theme.text, first);
        if (both) {
            drawIcon(painter, QStringLiteral("arrow-right"), x + 6, middle, theme.text2);
            x = drawText(painter, x + 28, row, room, bold, theme.text, group.target);
        }
    }
    drawText(painter, x + 10, row, right, secondaryFont(), theme.text2, tr("%n key(s)", nullptr, group.keys));
}

void RuleDelegate::paintRule(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const
{
    const std::uint32_t number = m_model->node(index).rule;
    const Rule &rule = m_model->rule(index);
    const RuleEffect *effect = m_model->effect(number);
    const Status status = m_model->status(number);
    const QColor statusColour = theme.status(status).foreground;
    const QRect &row = option.rect;
    const bool selected = option.state & QStyle::State_Selected;
    painter.fillRect(row, selected ? theme.sel : m_hovered == index ? theme.hover : theme.base);
    paintLineBelow(painter, row, theme.line);
    if (number == m_editedRule)
        return;
    const bool open = rule.state == RuleState::ToReview && option.state & QStyle::State_Open;
    if (open)
        painter.fillRect(QRect(0, row.y(), 2, row.height()), statusColour);

    const RuleColumns columns = RuleColumns::of(row.width());
    const int middle = row.center().y() + 1;
    drawIcon(painter, statusIcon(status), columns.iconLeft, middle, statusColour);
    // What the status does not tell already: some keys without partner, or taken by a rule before it.
    const bool warned = effect != nullptr && !effect->problem.empty() && severityRank(status) > severityRank(Status::ToReview)
                        && status != Status::Shadowed;
    painter.setFont(fixedFont());
    const QColor colour = status == Status::Shadowed ? theme.text3 : theme.text;
    const std::uint32_t keys = effect == nullptr ? 0 : rule.kind == RuleKind::Drop ? effect->sourceKeys : effect->targetKeys;
    const QString count = countText(keys);
    const auto cell = [&row](int left, int right) { return QRect(left, row.y(), std::max(0, right - left), row.height()); };
    if (rule.state == RuleState::ToReview) {
        const QString source = m_model->sourceText(number);
        const int sourceWidth
            = std::min(QFontMetrics(painter.font()).horizontalAdvance(source), columns.targetRight - columns.sourceLeft - 210);
        drawPattern(painter, cell(columns.sourceLeft, columns.sourceLeft + sourceWidth + 1), source, theme, colour);
        const int x = columns.sourceLeft + sourceWidth + 8;
        drawIcon(painter, QStringLiteral("arrow-right"), x, middle, theme.text2);
        drawText(painter, x + 22, row, columns.targetRight, secondaryFont(), statusColour, m_model->reviewText(number));
    } else if (rule.kind != RuleKind::Map) {
        const QString key = rule.kind == RuleKind::Drop ? m_model->sourceText(number) : m_model->targetText(number);
        drawPattern(painter, cell(columns.sourceLeft, columns.sourceRight), key, theme, colour);
        drawIcon(painter, QStringLiteral("arrow-right"), columns.arrowLeft, middle, theme.text3);
        const int right = columns.keysRight - QFontMetrics(secondaryFont()).horizontalAdvance(count) - 12;
        drawText(painter, columns.targetLeft, row, right, secondaryFont(), theme.text2, unfilledText(rule));
    } else {
        drawPattern(painter, cell(columns.sourceLeft, columns.sourceRight), m_model->sourceText(number), theme, colour);
        drawIcon(painter, QStringLiteral("arrow-right"), columns.arrowLeft, middle, theme.text2);
        int right = columns.targetRight;
        if (warned) {
            drawIcon(painter, QStringLiteral("warning"), right - 14, middle, theme.status(Status::ToReview).foreground, 14);
            right -= 20;
        }
        if (const QString transform = QString::fromStdString(ruleTransformText(rule)); !transform.isEmpty()) {
            const int width = std::min(tagWidth(transform), (columns.targetRight - columns.targetLeft) * 3 / 5);
            const QString cut
                = tagWidth(transform) <= width ? transform : QFontMetrics(smallFont()).elidedText(transform, Qt::ElideRight, width - 10);
            right -= tagWidth(cut);
            paintTag(painter, QRect(right, row.y(), tagWidth(cut), row.height()), cut, theme);
            painter.setFont(fixedFont());
            right -= 8;
        }
        drawPattern(painter, cell(columns.targetLeft, right), m_model->targetText(number), theme, colour);
    }
    drawRight(painter, columns.keysRight, row, secondaryFont(), theme.text2, count);
    drawRight(painter, columns.evidenceRight, row, secondaryFont(), statusColour, evidenceWord(rule, status));
}

void RuleDelegate::paintCandidate(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const
{
    const RulesModel::Node &node = m_model->node(index);
    const Candidate &candidate = m_model->rule(index).candidates[node.candidate];
    const StatusColours review = theme.status(Status::ToReview);
    const QRect &row = option.rect;
    const bool chosen = m_model->chosenCandidate(node.rule) == static_cast<int>(node.candidate);
    painter.fillRect(row, chosen ? review.tint : m_hovered == index ? theme.hover : theme.base);
    painter.fillRect(QRect(0, row.y(), 2, row.height()), review.foreground);
    painter.setRenderHint(QPainter::Antialiasing);
    const QPointF radio(44, row.center().y() + 0.5);
    painter.setPen(chosen ? QPen(Qt::NoPen) : QPen(theme.line2, 1));
    painter.setBrush(chosen ? theme.accent : theme.base);
    painter.drawEllipse(radio, 7.5, 7.5);
    if (chosen) {
        painter.setBrush(theme.onAccent);
        painter.drawEllipse(radio, 3, 3);
    }
    const RuleColumns columns = RuleColumns::of(row.width());
    const int barRight = columns.evidenceRight - 36, barLeft = barRight - 40;
    const double share = std::clamp(candidate.confidence, 0.0, 1.0);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.line);
    painter.drawRoundedRect(QRectF(barLeft, radio.y() - 2, 40, 4), 2, 2);
    painter.setBrush(review.foreground);
    painter.drawRoundedRect(QRectF(barLeft, radio.y() - 2, 40 * share, 4), 2, 2);
    drawRight(painter, columns.evidenceRight, row, secondaryFont(), theme.text, confidenceText(candidate.confidence));

    const QRect upper(60, row.y() + 4, barLeft - 72, 18), lower(60, row.y() + 22, barLeft - 72, 18);
    painter.setFont(fixedFont());
    const RulesModel::CandidateText text = m_model->candidateText(node.rule, node.candidate);
    const QFontMetrics metrics(painter.font());
    const int arrowRoom = 28;
    const int transformRoom = text.transform.isEmpty() ? 0 : QFontMetrics(secondaryFont()).horizontalAdvance(text.transform) + 12;
    const int room = upper.width() - arrowRoom - transformRoom;
    const int targetWidth = metrics.horizontalAdvance(text.target);
    const int sourceWidth = std::min(metrics.horizontalAdvance(text.source), std::max(room / 2, room - targetWidth));
    drawPattern(painter, QRect(upper.x(), upper.y(), sourceWidth + 1, upper.height()), text.source, theme, theme.text);
    drawIcon(painter, QStringLiteral("arrow-right"), upper.x() + sourceWidth + 6, upper.center().y() + 1, theme.text2);
    const int targetLeft = upper.x() + sourceWidth + arrowRoom;
    const int targetShown = std::min(targetWidth, room - sourceWidth);
    drawPattern(painter, QRect(targetLeft, upper.y(), targetShown + 1, upper.height()), text.target, theme, theme.text);
    if (transformRoom > 0)
        drawText(painter, targetLeft + targetShown + 12, upper, upper.right(), secondaryFont(), theme.text2, text.transform);
    drawText(painter, lower.x(), lower, lower.right(), secondaryFont(), theme.text2, keyText(candidate.why));
}

} // namespace rekey::ui
