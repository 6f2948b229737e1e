// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/emptystate.h"

#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"

#include <QBoxLayout>
#include <QEvent>
#include <QLabel>

namespace rekey::ui {

namespace {

constexpr int textWidth = 340;

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

} // namespace rekey::ui
