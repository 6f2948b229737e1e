// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/sectionhead.h"

#include "ui/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>

namespace rekey::ui {

SectionHead::SectionHead(const QString &title, QWidget *parent)
    : QWidget(parent)
    , m_detail(new QLabel(this))
    , m_trailing(new QLabel(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(8);
    auto *name = new QLabel(title, this);
    name->setFont(headerFont());
    layout->addWidget(name);
    layout->addWidget(m_detail);
    layout->addStretch();
    layout->addWidget(m_trailing);
    for (QLabel *quiet : {m_detail, m_trailing}) {
        quiet->setFont(secondaryFont());
        quiet->setForegroundRole(QPalette::PlaceholderText);
    }
    m_detail->setTextFormat(Qt::RichText);
}

void SectionHead::setDetail(const QString &text)
{
    m_detail->setText(text);
}

void SectionHead::setTrailing(const QString &text)
{
    m_trailing->setText(text);
}

} // namespace rekey::ui
