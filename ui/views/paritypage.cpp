// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/paritypage.h"

#include "ui/views/emptystate.h"
#include "ui/window/pagebutton.h"

namespace rekey::ui {

ParityPage::ParityPage(Session &session, QWidget *parent)
    : Room(parent)
    , m_session(session)
    , m_empty(new EmptyState(QStringLiteral("parity")))
{
    auto *segment = new PageButton(PageButton::Look::Outlined, tr("Compare on a picture"), QStringLiteral("segment"));
    m_empty->addButton(segment);
    connect(segment, &QAbstractButton::clicked, this, &ParityPage::segmentAsked);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_empty);
    activated();
}

void ParityPage::activated()
{
    m_empty->setText(
        tr("Layer-by-layer parity is not part of this version"),
        m_session.hasPair()
            ? tr("It will need recorded activations of the original. Until then, Segment shows how closely both models agree on a picture.")
            : tr("It will need both models and recorded activations of the original."));
}

} // namespace rekey::ui
