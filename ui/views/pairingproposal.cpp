// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/pairingproposal.h"

#include "ui/models/bindingsmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/cellview.h"
#include "ui/views/ruledelegate.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"

#include <QBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>

namespace rekey::ui {

namespace {

constexpr int lineHeight = 24;
constexpr int mostRuleLines = 4, mostBindingRows = 6;

QString joined(const std::vector<Pattern> &patterns)
{
    QStringList texts;
    for (const Pattern &pattern : patterns)
        texts.append(keyText(pattern.text()));
    return texts.join(QStringLiteral(", "));
}

} // namespace

/// The rules as the list would show them, without groups.
class PairingProposal::RuleLines : public QWidget
{
public:
    void setRules(std::vector<Rule> rules)
    {
        m_rules = std::move(rules);
        const int lines
            = std::min(static_cast<int>(m_rules.size()), mostRuleLines) + (static_cast<int>(m_rules.size()) > mostRuleLines ? 1 : 0);
        setFixedHeight(lines * lineHeight + 8);
        QStringList texts;
        for (const Rule &rule : m_rules)
            texts.append(ruleLine(rule));
        setToolTip(texts.join(QLatin1Char('\n')));
        setAccessibleName(texts.join(QStringLiteral("; ")));
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        int y = 4;
        for (int i = 0; i < std::min(static_cast<int>(m_rules.size()), mostRuleLines); ++i, y += lineHeight) {
            const Rule &rule = m_rules[static_cast<std::size_t>(i)];
            const QString transform = QString::fromStdString(ruleTransformText(rule));
            const int right = width() - 12 - (transform.isEmpty() ? 0 : tagWidth(transform) + 8);
            painter.setFont(fixedFont());
            const QString source = joined(rule.sources), target = joined(rule.targets);
            const QFontMetrics metrics(painter.font());
            const int room = right - 36 - 28;
            const int sourceWidth
                = std::min(metrics.horizontalAdvance(source), std::max(room / 2, room - metrics.horizontalAdvance(target)));
            drawPattern(painter, QRect(36, y, sourceWidth + 1, lineHeight), source, theme, theme.text);
            painter.drawPixmap(36 + sourceWidth + 6, y + 4,
                               iconPixmap(QStringLiteral("arrow-right"), 16, devicePixelRatioF(), theme.text2));
            drawPattern(painter, QRect(36 + sourceWidth + 28, y, right - 36 - sourceWidth - 28, lineHeight), target, theme, theme.text);
            if (!transform.isEmpty())
                paintTag(painter, QRect(right + 8, y, tagWidth(transform), lineHeight), transform, theme);
        }
        if (static_cast<int>(m_rules.size()) > mostRuleLines)
            paintText(painter, QRect(36, y, width() - 48, lineHeight),
                      PairingProposal::tr("and %n more rule(s)", nullptr, static_cast<int>(m_rules.size()) - mostRuleLines),
                      secondaryFont(), theme.text2);
    }

private:
    std::vector<Rule> m_rules;
};

PairingProposal::PairingProposal(PairingPlan plan, Session &session, QWidget *parent)
    : QWidget(parent)
    , m_plan(std::move(plan))
    , m_session(session)
    , m_header(new PanelHeader(tr("Pair these keys?"), QStringLiteral("drag")))
    , m_scope(new SegmentedSwitch(
          {{tr("Every block"), {}, tr("The same in every repeated block")}, {tr("Only these"), {}, tr("Just the keys that were paired")}}))
    , m_bindings(new BindingsModel(this))
    , m_view(new CellView(m_bindings))
    , m_rules(new RuleLines)
    , m_effectIcon(new QLabel)
    , m_effect(new ElidedLabel)
    , m_apply(new PageButton(PageButton::Look::Primary, tr("Apply")))
    , m_discard(new PageButton(PageButton::Look::Link, tr("Discard")))
    , m_edit(new PageButton(PageButton::Look::Link, tr("Edit…")))
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_header->setDetail(m_plan.what);
    m_scope->setSmall(true);
    m_scope->setAccessibleName(tr("Where"));
    m_scope->setVisible(m_plan.hasChoice);
    m_header->addTrailing(m_scope);
    m_view->setStretchedColumns({BindingsModel::Sources, BindingsModel::Targets});
    m_view->setAccessibleName(tr("Keys that would be bound"));
    m_effect->setFont(secondaryFont());
    m_effect->setTextFormat(Qt::RichText);
    m_effect->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_apply->setSmall(true);
    m_apply->setKeyCap(tr("Enter"));
    m_discard->setKeyCap(tr("Esc"));
    m_apply->setObjectName(QStringLiteral("applyPairing"));
    auto *below = new QHBoxLayout;
    below->setContentsMargins(13, 0, 12, 0);
    below->setSpacing(8);
    below->addWidget(m_effectIcon);
    below->addWidget(m_effect, 1);
    below->addWidget(m_edit);
    below->addWidget(m_discard);
    below->addWidget(m_apply);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 8);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(m_rules);
    column->addWidget(m_view);
    column->addSpacing(8);
    column->addLayout(below);
    connect(m_scope, &SegmentedSwitch::currentChanged, this, [this] {
        showChosen();
        Q_EMIT chosenChanged();
    });
    connect(m_apply, &QAbstractButton::clicked, this, &PairingProposal::applied);
    connect(m_discard, &QAbstractButton::clicked, this, &PairingProposal::discarded);
    connect(m_edit, &QAbstractButton::clicked, this, [this] { Q_EMIT editAsked(chosen().rules.front()); });
    setFocusPolicy(Qt::StrongFocus);
    for (QWidget *widget : {static_cast<QWidget *>(m_view), static_cast<QWidget *>(m_scope), static_cast<QWidget *>(this)})
        widget->installEventFilter(this);
    showChosen();
}

const PairingPlan::Variant &PairingProposal::chosen() const
{
    return m_scope->current() == 1 ? m_plan.onlyThese : m_plan.everywhere;
}

QString PairingProposal::effectText() const
{
    return m_effect->text();
}

void PairingProposal::showChosen()
{
    const PairingPlan::Variant &variant = chosen();
    m_rules->setRules(variant.rules);
    m_bindings->setBindings(variant.bindings, m_session.document().source(), m_session.document().target());
    // A single rename of a key says all by itself.
    m_view->setVisible(variant.bindings.size() != 1 || variant.rules.size() != 1 || !variant.rules.front().transform.empty()
                       || !variant.rules.front().sources.front().isLiteral());
    m_view->setFixedHeight(std::clamp(m_bindings->rowCount(), 1, mostBindingRows) * lineHeight + 1);
    if (m_bindings->rowCount() > 0)
        m_view->setCurrentIndex(m_bindings->index(0, 0));
    m_edit->setVisible(variant.rules.size() == 1);
    restyle();
}

void PairingProposal::restyle()
{
    const Theme theme = Theme::of(palette());
    const PairingPlan::Variant &variant = chosen();
    m_effect->setText(variant.text());
    m_effect->setToolTip(variant.text());
    m_effectIcon->setPixmap(iconPixmap(statusIcon(variant.status()), 16, devicePixelRatioF(), theme.status(variant.status()).foreground));
}

void PairingProposal::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        restyle();
    QWidget::changeEvent(event);
}

bool PairingProposal::eventFilter(QObject *watched, QEvent *event)
{
    // Not what a focused button passes on.
    const bool own = watched != this || hasFocus();
    if (own && (event->type() == QEvent::ShortcutOverride || event->type() == QEvent::KeyPress)) {
        const auto *press = static_cast<QKeyEvent *>(event);
        const bool enter = press->key() == Qt::Key_Return || press->key() == Qt::Key_Enter;
        if (press->modifiers() == Qt::NoModifier && (enter || press->key() == Qt::Key_Escape)) {
            if (event->type() == QEvent::ShortcutOverride)
                event->accept();
            else if (enter)
                Q_EMIT applied();
            else
                Q_EMIT discarded();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void PairingProposal::paintEvent(QPaintEvent *event)
{
    QWidget::paintEvent(event);
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(QRect(0, m_header->height(), 2, height() - m_header->height()), theme.accent);
    painter.drawPixmap(13, m_rules->y() + 8, iconPixmap(QStringLiteral("rule-add"), 16, devicePixelRatioF(), theme.accent));
    paintLineBelow(painter, rect(), theme.line);
}

} // namespace rekey::ui
