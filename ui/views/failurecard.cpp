// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/failurecard.h"

#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>

namespace rekey::ui {

namespace {

QLabel *wrappedLabel()
{
    auto *label = new QLabel;
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

void paintCard(QPainter &painter, const QRectF &rect, const QBrush &fill, const QColor &line)
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(line, 1));
    painter.setBrush(fill);
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

/// As a sentence of its own.
QString sentence(QString text)
{
    // A word of a format ("data_offsets") is not written any other way.
    const QString firstWord = text.section(QLatin1Char(' '), 0, 0);
    if (!text.isEmpty() && !firstWord.contains(QLatin1Char('_')))
        text[0] = text[0].toUpper();
    return text.isEmpty() || text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
}

} // namespace

FailureCard::FailureCard(QWidget *parent)
    : QFrame(parent)
    , m_title(new QLabel(tr("This file cannot be opened")))
    , m_file(wrappedLabel())
    , m_reason(wrappedLabel())
    , m_safeIcon(new QLabel)
    , m_facts(new QGridLayout)
    , m_choose(new PageButton(PageButton::Look::Primary, tr("Choose another file…")))
    , m_keysOnly(new PageButton(PageButton::Look::Outlined, tr("Open keys only")))
    , m_copy(new PageButton(PageButton::Look::Outlined, tr("Copy report"), QStringLiteral("copy")))
{
    QFont heavy = m_title->font();
    heavy.setWeight(QFont::DemiBold);
    m_title->setFont(heavy);
    m_file->setFont(secondaryFont());
    m_keysOnly->setToolTip(tr("Names, shapes and types, without values: to map, not to convert"));
    auto *safe = new QLabel(tr("Nothing was executed and nothing was changed."));
    safe->setFont(secondaryFont());
    auto *safeRow = new QHBoxLayout;
    safeRow->setSpacing(8);
    safeRow->addWidget(m_safeIcon);
    safeRow->addWidget(safe, 1);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_choose);
    buttons->addWidget(m_keysOnly);
    buttons->addStretch(1);
    auto *below = new QHBoxLayout;
    below->addWidget(m_copy);
    below->addStretch(1);
    m_facts->setHorizontalSpacing(12);
    m_facts->setVerticalSpacing(4);
    m_facts->setColumnStretch(1, 1);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(28, 0, 0, 12);
    head->addWidget(m_title);
    head->addWidget(m_file);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(2);
    column->addLayout(head);
    column->addSpacing(12);
    column->addWidget(m_reason);
    column->addSpacing(8);
    column->addLayout(m_facts);
    column->addSpacing(8);
    column->addLayout(safeRow);
    column->addSpacing(12);
    column->addLayout(buttons);
    column->addSpacing(8);
    column->addLayout(below);
    connect(m_choose, &QAbstractButton::clicked, this, &FailureCard::chooseAsked);
    connect(m_keysOnly, &QAbstractButton::clicked, this, &FailureCard::keysOnlyAsked);
    connect(m_copy, &QAbstractButton::clicked, this, [this] { QApplication::clipboard()->setText(m_report); });
}

void FailureCard::addFact(const QString &name, const QString &value, bool fixed)
{
    const int row = m_facts->rowCount();
    auto *label = new QLabel(name);
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    auto *text = new ElidedLabel(value);
    text->setFont(fixed ? fixedFont() : secondaryFont());
    m_facts->addWidget(label, row, 0);
    m_facts->addWidget(text, row, 1);
    m_report += QStringLiteral("\n%1: %2").arg(name, value);
}

void FailureCard::setFailure(const OpenFailure &failure)
{
    m_report = failure.sentence;
    while (QLayoutItem *item = m_facts->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_file->setText(failure.file);
    m_reason->setText(sentence(failure.reason));
    if (!failure.part.isEmpty())
        addFact(tr("Place"), failure.part, true);
    m_keysOnly->setVisible(failure.keys != nullptr);
    m_title->setText(tr("This file cannot be opened"));
    if (const auto &keys = failure.keys) {
        const std::size_t all = keys->schema.tensors.size();
        if (keys->complete < all) {
            m_title->setText(tr("This file ends too early"));
            m_reason->setText(tr("The header promises more data than there are; the download was probably cut off.") + QLatin1Char(' ')
                              + m_reason->text());
        }
        addFact(tr("Header"), keys->files > 1 ? tr("%1 files readable, %2 tensors").arg(countText(keys->files), countText(all))
                                              : tr("readable, %1 tensors").arg(countText(all)),
                false);
        addFact(tr("Complete tensors"), tr("%1 of %2").arg(countText(keys->complete), countText(all)), false);
        if (!keys->firstCut.empty())
            addFact(tr("First cut tensor"), keyText(keys->firstCut), true);
    }
    restyle();
}

void FailureCard::restyle()
{
    const Theme theme = Theme::of(palette());
    QPalette red = palette();
    red.setColor(QPalette::WindowText, theme.status(Status::Missing).foreground);
    m_title->setPalette(red);
    m_file->setPalette(red);
    m_safeIcon->setPixmap(iconPixmap(QStringLiteral("safety"), 16, devicePixelRatioF(), theme.text2));
    update();
}

void FailureCard::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        restyle();
    QFrame::changeEvent(event);
}

void FailureCard::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    const StatusColours colours = theme.status(Status::Missing);
    QPainter painter(this);
    paintCard(painter, rect(), theme.base, theme.line);
    const int headBottom = m_file->geometry().bottom() + 12;
    painter.save();
    painter.setClipRect(QRect(0, 0, width(), headBottom));
    paintCard(painter, rect(), colours.tint, theme.line);
    painter.restore();
    painter.drawPixmap(17, 18, iconPixmap(QStringLiteral("error"), 16, devicePixelRatioF(), colours.foreground));
}

} // namespace rekey::ui
