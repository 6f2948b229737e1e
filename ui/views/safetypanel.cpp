// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/safetypanel.h"

#include "ui/models/globalsmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/cellview.h"
#include "ui/views/sideheader.h"
#include "ui/window/panelheader.h"

#include <QBoxLayout>
#include <QEvent>
#include <QLabel>

namespace rekey::ui {

SafetyPanel::SafetyPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    layOutSides(*this, makeColumn(Side::Source), makeColumn(Side::Target));
    follow(Side::Source);
    follow(Side::Target);
    connect(&session, &Session::opened, this, &SafetyPanel::follow);
}

QWidget *SafetyPanel::makeColumn(Side side)
{
    Column &made = m_columns[static_cast<int>(side)];
    auto *column = new QWidget;
    made.header = sideHeader(side);
    made.sentence = new QLabel;
    made.sentence->setWordWrap(true);
    made.sentence->setFont(secondaryFont());
    made.sentence->setTextInteractionFlags(Qt::TextSelectableByMouse);
    made.sentence->setContentsMargins(12, 8, 12, 8);
    made.model = new GlobalsModel(this);
    made.view = new CellView(made.model);
    made.view->setStretchedColumns({GlobalsModel::Name});
    made.view->setAccessibleName(side == Side::Source ? tr("Names that the source would import")
                                                      : tr("Names that the target would import"));
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(made.header);
    layout->addWidget(made.sentence);
    layout->addWidget(made.view, 1);
    layout->addStretch(0);
    return column;
}

QString SafetyPanel::sentence(Side side) const
{
    return m_columns[static_cast<int>(side)].sentence->text();
}

void SafetyPanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange) {
        for (const Side side : {Side::Source, Side::Target})
            colourSideHeader(*m_columns[static_cast<int>(side)].header, side, palette());
    }
    QWidget::changeEvent(event);
}

void SafetyPanel::follow(Side side)
{
    Column &column = m_columns[static_cast<int>(side)];
    const CheckpointPtr checkpoint = m_session.checkpoint(side);
    colourSideHeader(*column.header, side, palette());
    column.header->setDetail(m_session.name(side));
    column.header->clearChip();
    column.model->setCheckpoint(checkpoint);
    column.view->setVisible(column.model->rowCount() > 0);
    column.doubtful = 0;
    if (!checkpoint) {
        column.sentence->setText(m_session.failure(side) != nullptr
                                     ? tr("The file could not be opened. Nothing in it was executed.")
                                     : tr("Nothing is open."));
    } else {
        const SafetyVerdict verdict = safetyVerdict(*checkpoint);
        column.sentence->setText(verdict.sentence);
        column.doubtful = static_cast<int>(verdict.unknown + verdict.dangerous);
        if (verdict.dangerous > 0)
            column.header->setChip(QStringLiteral("error"), tr("%1 dangerous, nothing executed").arg(countText(verdict.dangerous)),
                                   Status::Missing);
        else if (verdict.unknown > 0)
            column.header->setChip(QStringLiteral("warning"), tr("%1 unknown, nothing executed").arg(countText(verdict.unknown)),
                                   Status::ToReview);
        else
            column.header->setChip(QStringLiteral("check"), tr("Nothing executed"), Status::Proven);
    }
    Q_EMIT doubtfulChanged(m_columns[0].doubtful + m_columns[1].doubtful);
}

} // namespace rekey::ui
