// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/blockspanel.h"

#include "ui/inspect/smallmultiples.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/panelheader.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>

namespace rekey::ui {

namespace {

QString partsText(std::size_t parts)
{
    return parts == 3 ? BlocksPanel::tr("split in three on dim 0") : parts == 2 ? BlocksPanel::tr("split in two on dim 0") : QString();
}

QString notesText(const TensorReading &reading, bool hasValues)
{
    if (!hasValues)
        return BlocksPanel::tr("A schema has no values to show.");
    QStringList notes;
    if (reading.family.parts.size() == 3)
        notes << BlocksPanel::tr("q, k and v are the thirds of dim 0.");
    else if (reading.family.parts.size() == 2)
        notes << BlocksPanel::tr("k and v are the halves of dim 0.");
    if (reading.family.members.size() == 1)
        notes << BlocksPanel::tr("This tensor has no counterpart in other blocks.");
    for (const std::string &note : reading.family.notes)
        notes << keyText(note);
    return notes.join(QLatin1Char(' '));
}

QWidget *onBase()
{
    auto *widget = new QWidget;
    widget->setAutoFillBackground(true);
    widget->setBackgroundRole(QPalette::Base);
    return widget;
}

} // namespace

BlocksPanel::BlocksPanel(QWidget *parent)
    : QWidget(parent)
    , m_head(new PanelHeader({}, QStringLiteral("histogram")))
    , m_multiples(new SmallMultiples)
    , m_notes(new QLabel)
    , m_notesIcon(new QLabel)
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    setMinimumWidth(280);
    auto *content = onBase();
    auto *inner = new QVBoxLayout(content);
    inner->setContentsMargins(0, 0, 0, 16);
    inner->setSpacing(12);
    inner->addWidget(m_multiples);
    auto *row = new QHBoxLayout;
    row->setContentsMargins(24, 0, 16, 0);
    row->setSpacing(8);
    m_notes->setFont(secondaryFont());
    m_notes->setWordWrap(true);
    m_notes->setForegroundRole(QPalette::PlaceholderText);
    row->addWidget(m_notesIcon, 0, Qt::AlignTop);
    row->addWidget(m_notes, 1);
    inner->addLayout(row);
    inner->addStretch(1);
    auto *area = new QScrollArea;
    area->setWidget(content);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_head);
    layout->addWidget(area, 1);
    connect(m_multiples, &SmallMultiples::chosen, this, &BlocksPanel::chosen);
}

void BlocksPanel::clear(Side side)
{
    m_head->setTitle(tr("Blocks"));
    m_head->setDetail({});
    m_multiples->setReading(std::nullopt, side);
    m_notesIcon->clear();
    m_notes->setText(tr("Select a key to see its values in every block."));
}

void BlocksPanel::setReading(const TensorReading &reading, Side side, bool hasValues)
{
    m_head->setTitle(keyText(reading.family.leaf));
    QStringList detail;
    if (reading.family.members.size() > 1)
        detail << tr("in %1 blocks").arg(countText(reading.family.members.size()));
    if (const QString parts = partsText(reading.family.parts.size()); !parts.isEmpty())
        detail << parts;
    m_head->setDetail(detail.join(QStringLiteral(", ")));
    m_multiples->setReading(reading, side);
    const QString notes = notesText(reading, hasValues);
    m_notes->setText(notes);
    m_notesIcon->setPixmap(notes.isEmpty() ? QPixmap()
                                           : iconPixmap(QStringLiteral("info"), 16, devicePixelRatioF(), Theme::of(palette()).accent));
}

} // namespace rekey::ui
