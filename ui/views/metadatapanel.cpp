// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/metadatapanel.h"

#include "ui/jobs/job.h"
#include "ui/models/factsmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/cellview.h"
#include "ui/views/sideheader.h"
#include "ui/window/panelheader.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QEvent>
#include <QLineEdit>

namespace rekey::ui {

namespace {

constexpr std::size_t fewFacts = 12; ///< so many need no filter

} // namespace

MetadataPanel::MetadataPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    layOutSides(*this, makeColumn(Side::Source), makeColumn(Side::Target));
    follow(Side::Source);
    follow(Side::Target);
    connect(&session, &Session::opened, this, &MetadataPanel::follow);
}

QWidget *MetadataPanel::makeColumn(Side side)
{
    Column &made = m_columns[static_cast<int>(side)];
    auto *column = new QWidget;
    made.header = sideHeader(side);
    made.root = new QComboBox;
    made.root->setAccessibleName(tr("Root"));
    made.root->setToolTip(tr("Which part of the file is the state dict"));
    made.root->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    made.root->setMaximumWidth(260);
    made.filter = new QLineEdit;
    made.filter->setPlaceholderText(tr("Filter"));
    made.filter->setAccessibleName(side == Side::Source ? tr("Filter the source’s metadata") : tr("Filter the target’s metadata"));
    made.filter->setClearButtonEnabled(true);
    made.filter->setFixedWidth(120);
    for (QWidget *widget : {static_cast<QWidget *>(made.filter), static_cast<QWidget *>(made.root)}) {
        widget->setFixedHeight(24);
        widget->setFont(secondaryFont());
        made.header->addTrailing(widget);
    }
    made.model = new FactsModel(this);
    made.view = new CellView(made.model);
    made.view->setStretchedColumns({1});
    made.view->setAccessibleName(side == Side::Source ? tr("Metadata of the source") : tr("Metadata of the target"));
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(made.header);
    layout->addWidget(made.view, 1);
    connect(made.filter, &QLineEdit::textChanged, made.model, &FactsModel::setFilter);
    connect(made.root, &QComboBox::activated, this, [this, side](int index) {
        const CheckpointPtr checkpoint = m_session.checkpoint(side);
        if (checkpoint && static_cast<std::size_t>(index) < checkpoint->roots().size())
            m_session.chooseRoot(side, checkpoint->roots()[static_cast<std::size_t>(index)]);
    });
    return column;
}

void MetadataPanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange) {
        for (const Side side : {Side::Source, Side::Target})
            colourSideHeader(*m_columns[static_cast<int>(side)].header, side, palette());
    }
    QWidget::changeEvent(event);
}

void MetadataPanel::follow(Side side)
{
    Column &column = m_columns[static_cast<int>(side)];
    const CheckpointPtr checkpoint = m_session.checkpoint(side);
    colourSideHeader(*column.header, side, palette());
    column.header->setDetail(checkpoint ? m_session.name(side) : tr("nothing is open"));
    column.root->clear();
    column.root->setVisible(checkpoint && checkpoint->roots().size() > 1);
    column.filter->clear();
    column.filter->hide();
    column.model->setFacts(nullptr);
    if (!checkpoint)
        return;
    for (const Root &root : checkpoint->roots())
        column.root->addItem(
            QStringLiteral("%1 (%2)").arg(root.text.empty() ? tr("whole file") : keyText(root.text), countText(root.tensors)));
    for (int i = 0; i < column.root->count(); ++i) {
        if (checkpoint->roots()[static_cast<std::size_t>(i)].text == checkpoint->root().text)
            column.root->setCurrentIndex(i);
    }
    m_session.jobs().start(
        this, QStringLiteral("facts%1").arg(static_cast<int>(side)), tr("Reading metadata"),
        [checkpoint](const Progress &progress) { return std::make_shared<const FileFacts>(fileFacts(*checkpoint, progress)); },
        [this, side](std::shared_ptr<const FileFacts> facts) {
            Column &shown = m_columns[static_cast<int>(side)];
            shown.model->setFacts(std::move(facts));
            shown.filter->setVisible(shown.model->shownFacts() > fewFacts);
        });
}

} // namespace rekey::ui
