// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/verdictline.h"

#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

namespace rekey::ui {

VerdictLine::VerdictLine(QWidget *parent)
    : QWidget(parent)
    , m_icon(new QLabel(this))
    , m_text(new QLabel(this))
    , m_rules(new PageButton(PageButton::Look::Outlined, {}, QStringLiteral("rule"), this))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(12, 8, 12, 8);
    row->setSpacing(8);
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::RichText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_rules->setSmall(true);
    row->addWidget(m_icon, 0, Qt::AlignVCenter);
    row->addWidget(m_text, 1);
    row->addWidget(m_rules, 0, Qt::AlignVCenter);
    connect(m_rules, &QAbstractButton::clicked, this, &VerdictLine::rulesAsked);
}

void VerdictLine::setHeadline(const ParityHeadline &headline, bool outOfDate)
{
    m_headline = headline;
    m_outOfDate = outOfDate;
    m_rules->setVisible(!headline.rules.empty());
    m_rules->setText(headline.rules.size() == 1 ? tr("Go to rule %1").arg(headline.rules.front() + 1)
                                                : tr("Go to %1 rules").arg(headline.rules.size()));
    m_rules->updateGeometry();
    setAccessibleName(text());
    applyTheme();
}

QString VerdictLine::text() const
{
    return m_headline.verdict + QStringLiteral(". ") + m_headline.sentence;
}

void VerdictLine::applyTheme()
{
    const Theme theme = Theme::of(palette());
    const Status status = m_outOfDate ? Status::ToReview : m_headline.status;
    const QColor ink = theme.status(status).foreground;
    m_icon->setPixmap(iconPixmap(m_outOfDate ? QStringLiteral("warning") : m_headline.icon, 16, devicePixelRatioF(), ink));
    m_text->setFont(secondaryFont());
    const QString old = m_outOfDate ? tr("Out of date: files, rules or choices changed since. ") : QString();
    m_text->setText(QStringLiteral("<span style=\"color:%1\"><b>%2%3</b></span>&nbsp; <span style=\"color:%4\">%5</span>")
                        .arg(ink.name(), old.toHtmlEscaped(), m_headline.verdict.toHtmlEscaped(), theme.text.name(),
                             m_headline.sentence.toHtmlEscaped()));
    update();
}

void VerdictLine::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    painter.fillRect(rect(), theme.status(m_outOfDate ? Status::ToReview : m_headline.status).tint);
    paintLineBelow(painter, rect(), theme.line);
}

void VerdictLine::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        applyTheme();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
