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
    , m_action(new PageButton(PageButton::Look::Outlined, {}, QStringLiteral("rule"), this))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(12, 8, 12, 8);
    row->setSpacing(8);
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::RichText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_action->setSmall(true);
    row->addWidget(m_icon, 0, Qt::AlignVCenter);
    row->addWidget(m_text, 1);
    row->addWidget(m_action, 0, Qt::AlignVCenter);
    connect(m_action, &QAbstractButton::clicked, this,
            [this] { m_headline.needsReference ? Q_EMIT referenceAsked() : Q_EMIT rulesAsked(); });
}

void VerdictLine::setHeadline(const ParityHeadline &headline, bool outOfDate)
{
    m_headline = headline;
    m_outOfDate = outOfDate;
    m_action->setVisible(headline.needsReference || !headline.rules.empty());
    m_action->setIconName(headline.needsReference ? QStringLiteral("checkpoint") : QStringLiteral("rule"));
    m_action->setText(headline.needsReference      ? tr("Compare with a checkpoint…")
                      : headline.rules.size() == 1 ? tr("Go to rule %1").arg(headline.rules.front() + 1)
                                                   : tr("Go to %1 rules").arg(headline.rules.size()));
    m_action->updateGeometry();
    setAccessibleName(text());
    applyTheme();
}

QString VerdictLine::text() const
{
    return (QStringList {m_headline.verdict + QLatin1Char('.'), m_headline.sentence} + m_headline.notes).join(QLatin1Char(' '));
}

void VerdictLine::applyTheme()
{
    const Theme theme = Theme::of(palette());
    const Status status = m_outOfDate ? Status::ToReview : m_headline.status;
    const QColor ink = theme.status(status).foreground;
    m_icon->setPixmap(iconPixmap(m_outOfDate ? QStringLiteral("warning") : m_headline.icon, 16, devicePixelRatioF(), ink));
    m_text->setFont(secondaryFont());
    const QString old = m_outOfDate ? tr("Out of date: files, rules or choices changed since. ") : QString();
    QString text = QStringLiteral("<span style=\"color:%1\"><b>%2%3</b></span>&nbsp; <span style=\"color:%4\">%5</span>")
                       .arg(ink.name(), old.toHtmlEscaped(), m_headline.verdict.toHtmlEscaped(), theme.text.name(),
                            m_headline.sentence.toHtmlEscaped());
    if (!m_headline.notes.isEmpty())
        text += QStringLiteral("<br><span style=\"color:%1\">%2</span>")
                    .arg(theme.text2.name(), m_headline.notes.join(QLatin1Char(' ')).toHtmlEscaped());
    m_text->setText(text);
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
