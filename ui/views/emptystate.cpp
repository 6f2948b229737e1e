// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/emptystate.h"

#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>

namespace rekey::ui {

namespace {

constexpr int textWidth = 340;

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

} // namespace

EmptyState::EmptyState(const QString &iconName, QWidget *parent)
    : QWidget(parent)
    , m_iconName(iconName)
    , m_icon(new QLabel)
    , m_title(new QLabel)
    , m_text(new QLabel)
    , m_buttons(new QHBoxLayout)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_icon->setAlignment(Qt::AlignCenter);
    m_title->setAlignment(Qt::AlignCenter);
    m_title->setWordWrap(true);
    m_text->setAlignment(Qt::AlignCenter);
    m_text->setWordWrap(true);
    m_text->setFixedWidth(textWidth);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 16);
    column->addStretch(2);
    column->addWidget(m_icon);
    column->addSpacing(4);
    column->addWidget(m_title);
    column->addWidget(m_text, 0, Qt::AlignHCenter);
    column->addSpacing(8);
    m_buttons->setSpacing(8);
    m_buttons->addStretch(1);
    m_buttons->addStretch(1);
    column->addLayout(m_buttons);
    column->addStretch(3);
    connect(m_text, &QLabel::linkActivated, this, &EmptyState::linkActivated);
    restyle();
}

void EmptyState::restyle()
{
    const Theme theme = Theme::of(palette());
    m_icon->setPixmap(iconPixmap(m_iconName, 24, devicePixelRatioF(), theme.text2));
    QFont title = font();
    title.setPixelSize(title.pixelSize() > 0 ? title.pixelSize() + 1 : 14);
    title.setWeight(QFont::DemiBold);
    m_title->setFont(title);
    m_text->setFont(secondaryFont());
    QPalette secondary = palette();
    secondary.setColor(QPalette::WindowText, theme.text2);
    m_text->setPalette(secondary);
    fitText();
}

void EmptyState::fitText()
{
    // A layout asks no height for a width of a label that it centres.
    m_text->setFixedHeight(std::max(0, m_text->heightForWidth(textWidth)));
}

void EmptyState::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        restyle();
    QWidget::changeEvent(event);
}

void EmptyState::setText(const QString &title, const QString &text)
{
    m_title->setText(title);
    m_text->setText(text);
    m_text->setVisible(!text.isEmpty());
    fitText();
}

void EmptyState::addButton(PageButton *button)
{
    m_buttons->insertWidget(m_buttons->count() - 1, button);
}

FailureCard::FailureCard(QWidget *parent)
    : QFrame(parent)
    , m_file(wrappedLabel())
    , m_reason(wrappedLabel())
    , m_part(wrappedLabel())
    , m_partLabel(new QLabel(tr("Place")))
{
    auto *title = new QLabel(tr("This file cannot be opened"));
    QFont heavy = title->font();
    heavy.setWeight(QFont::DemiBold);
    title->setFont(heavy);
    m_file->setFont(secondaryFont());
    m_part->setFont(fixedFont());
    m_partLabel->setFont(secondaryFont());
    auto *safe = new QLabel(tr("Nothing was executed and nothing was changed."));
    safe->setFont(secondaryFont());
    auto *safeIcon = new QLabel;
    safeIcon->setPixmap(iconPixmap(QStringLiteral("safety"), 16, devicePixelRatioF(), Theme::of(palette()).text2));
    auto *safeRow = new QHBoxLayout;
    safeRow->setSpacing(8);
    safeRow->addWidget(safeIcon);
    safeRow->addWidget(safe, 1);
    auto *choose = new PageButton(PageButton::Look::Primary, tr("Choose another file…"));
    auto *copy = new PageButton(PageButton::Look::Outlined, tr("Copy report"), QStringLiteral("copy"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(choose);
    buttons->addWidget(copy);
    buttons->addStretch(1);
    auto *facts = new QHBoxLayout;
    facts->setSpacing(12);
    facts->addWidget(m_partLabel, 0, Qt::AlignTop);
    facts->addWidget(m_part, 1);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(16, 14, 16, 14);
    column->setSpacing(2);
    auto *head = new QVBoxLayout;
    head->setContentsMargins(28, 0, 0, 12);
    head->addWidget(title);
    head->addWidget(m_file);
    column->addLayout(head);
    column->addSpacing(12);
    column->addWidget(m_reason);
    column->addSpacing(8);
    column->addLayout(facts);
    column->addSpacing(8);
    column->addLayout(safeRow);
    column->addSpacing(12);
    column->addLayout(buttons);
    connect(choose, &QAbstractButton::clicked, this, &FailureCard::chooseAsked);
    connect(copy, &QAbstractButton::clicked, this, [this] { QApplication::clipboard()->setText(m_report); });
}

void FailureCard::setFailure(const QString &file, const QString &part, const QString &reason, const QString &sentence)
{
    m_report = sentence;
    m_file->setText(file);
    QString text = reason;
    if (!text.isEmpty())
        text[0] = text[0].toUpper();
    if (!text.isEmpty() && !text.endsWith(QLatin1Char('.')))
        text += QLatin1Char('.');
    m_reason->setText(text);
    m_part->setText(part);
    m_part->setVisible(!part.isEmpty());
    m_partLabel->setVisible(!part.isEmpty());
    const Theme theme = Theme::of(palette());
    QPalette red = palette();
    red.setColor(QPalette::WindowText, theme.status(Status::Missing).foreground);
    m_file->setPalette(red);
    update();
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
