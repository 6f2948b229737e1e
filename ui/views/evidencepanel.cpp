// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/evidencepanel.h"

#include "ui/models/keystatus.h"
#include "ui/theme/displaytext.h"
#include "ui/views/emptystate.h"

#include <QBoxLayout>
#include <QEvent>
#include <QStackedWidget>
#include <QTextBrowser>

namespace rekey::ui {

namespace {

QString coloured(const QColor &colour, const QString &html)
{
    return QStringLiteral("<span style='color:%1'>%2</span>").arg(colour.name(), html);
}

} // namespace

EvidencePanel::EvidencePanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_text(new QTextBrowser)
    , m_stack(new QStackedWidget)
{
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setOpenLinks(false);
    m_text->document()->setDocumentMargin(12);
    m_text->setAccessibleName(tr("Evidence"));
    auto *empty = new EmptyState(QStringLiteral("evidence"));
    empty->setText(tr("Select a rule to see its evidence"), tr("Values, shapes, order and names that speak for it, strongest first."));
    m_stack->addWidget(empty);
    m_stack->addWidget(m_text);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);
    connect(&session, &Session::selectionChanged, this, &EvidencePanel::follow);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &EvidencePanel::follow);
    follow();
}

void EvidencePanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        follow();
    QWidget::changeEvent(event);
}

void EvidencePanel::follow()
{
    const auto mapping = m_session.document().resolvedMapping();
    const auto resolution = m_session.document().resolution();
    const std::uint32_t number = m_session.selection().rule;
    const bool shown = mapping && number < mapping->rules.size();
    m_stack->setCurrentIndex(shown ? 1 : 0);
    if (!shown)
        return;
    const Theme theme = Theme::of(palette());
    const Rule &rule = mapping->rules[number];
    const RuleEffect *effect = resolution && number < resolution->rules.size() ? &resolution->rules[number] : nullptr;
    const Status status = ruleStatus(rule, effect);
    QString html = QStringLiteral("<p style='margin:0 0 8px 0'><b>%1</b> &nbsp; ").arg(tr("Rule %1").arg(number + 1));
    QString state = statusWord(status);
    if (status == Status::Suggested)
        state += QLatin1Char(' ') + confidenceText(rule.confidence);
    html += coloured(theme.status(status).foreground, state.toHtmlEscaped());
    if (effect != nullptr)
        html += coloured(theme.text2, QStringLiteral(" &nbsp; ") + tr("%n source key(s)", nullptr, static_cast<int>(effect->sourceKeys))
                                          + QStringLiteral(" → ") + tr("%n target key(s)", nullptr, static_cast<int>(effect->targetKeys)));
    html += QStringLiteral("</p><p style='margin:0 0 8px 0;font-family:monospace'>");
    QStringList sources, targets;
    for (const Pattern &pattern : rule.sources)
        sources += keyText(pattern.text()).toHtmlEscaped();
    for (const Pattern &pattern : rule.targets)
        targets += keyText(pattern.text()).toHtmlEscaped();
    html += sources.join(QStringLiteral(", ")) + QStringLiteral(" → ") + targets.join(QStringLiteral(", "));
    if (const QString transform = QString::fromStdString(transformText(rule.transform)); !transform.isEmpty())
        html += QStringLiteral(" &nbsp; ") + coloured(theme.text2, transform.toHtmlEscaped());
    html += QStringLiteral("</p>");
    if (effect != nullptr && !effect->problem.empty())
        html += QStringLiteral("<p style='margin:0 0 8px 0'>%1</p>")
                    .arg(coloured(theme.status(Status::Missing).foreground, keyText(effect->problem).toHtmlEscaped()));
    if (rule.evidence.empty() && rule.candidates.empty())
        html += coloured(theme.text2, rule.state == RuleState::Accepted ? tr("Accepted by hand.") : tr("No evidence was recorded."));
    html += QStringLiteral("<ul style='margin:0 0 0 -22px'>");
    for (const std::string &line : rule.evidence)
        html += QStringLiteral("<li>%1</li>").arg(keyText(line).toHtmlEscaped());
    for (const Candidate &candidate : rule.candidates)
        html += QStringLiteral("<li>%1 &nbsp; %2</li>").arg(confidenceText(candidate.confidence), keyText(candidate.why).toHtmlEscaped());
    m_text->setHtml(html + QStringLiteral("</ul>"));
}

} // namespace rekey::ui
