// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/inspecttoolbar.h"

#include "ui/views/maptoolbar.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/toolbarfit.h"

#include <QHBoxLayout>
#include <QTimer>

namespace rekey::ui {

namespace {

constexpr int filterDelay = 80;

} // namespace

InspectToolBar::InspectToolBar(QWidget *parent)
    : QWidget(parent)
    , m_sides(new SegmentedSwitch({{tr("Source"), QStringLiteral("source"), {}}, {tr("Target"), QStringLiteral("target"), {}}}, this))
    , m_fold(new PageButton(PageButton::Look::Outlined, tr("Fold repeated blocks"), QStringLiteral("repeat"), this))
    , m_save(new PageButton(PageButton::Look::Outlined, tr("Save as CSV…"), QStringLiteral("export"), this))
    , m_filter(new FilterField(tr("Filter keys, shapes, dtypes"), this))
    , m_delay(new QTimer(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(4, 0, 0, 0);
    layout->setSpacing(8);
    layout->setSizeConstraint(QLayout::SetNoConstraint);
    m_sides->setAccessibleName(tr("Side"));
    m_fold->setCheckable(true);
    m_fold->setToolTip(tr("Show blocks that are alike once"));
    m_fold->setAccessibleName(tr("Fold repeated blocks"));
    m_save->setAccessibleName(tr("Save as CSV…"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setToolTip(tr("Parts of keys, /regular expression/, dtype:F32, shape:480x160, shape:*x160"));
    m_filter->setMaximumWidth(304);
    m_filter->setMinimumWidth(160);
    layout->addWidget(m_sides);
    layout->addWidget(m_fold);
    layout->addStretch(1);
    layout->addWidget(m_filter, 3);
    layout->addWidget(m_save);
    m_delay->setSingleShot(true);
    m_delay->setInterval(filterDelay);
    connect(m_sides, &SegmentedSwitch::currentChanged, this,
            [this](int index) { Q_EMIT sideChosen(index == 0 ? Side::Source : Side::Target); });
    connect(m_fold, &QAbstractButton::toggled, this, &InspectToolBar::foldedChanged);
    connect(m_filter, &QLineEdit::textChanged, m_delay, qOverload<>(&QTimer::start));
    connect(m_delay, &QTimer::timeout, this, &InspectToolBar::filterChanged);
    connect(m_save, &QAbstractButton::clicked, this, &InspectToolBar::saveAsked);
}

void InspectToolBar::setSide(Side side)
{
    const int index = side == Side::Source ? 0 : 1;
    m_sides->setChoiceEnabled(index, true);
    m_sides->setCurrent(index);
}

void InspectToolBar::setFile(Side side, const QString &name, bool mayBeChosen)
{
    const bool source = side == Side::Source;
    const QString word = source ? tr("Source") : tr("Target");
    m_sides->setChoice(source ? 0 : 1, {name.isEmpty() ? word : name, source ? QStringLiteral("source") : QStringLiteral("target"),
                                        name.isEmpty() ? tr("%1: nothing is open").arg(word) : word + QStringLiteral(": ") + name});
    m_sides->setChoiceEnabled(source ? 0 : 1, mayBeChosen);
}

void InspectToolBar::setOpen(bool open)
{
    m_save->setEnabled(open);
    m_fold->setEnabled(open);
}

bool InspectToolBar::isFolded() const
{
    return m_fold->isChecked();
}

void InspectToolBar::setFolded(bool folded)
{
    m_fold->setChecked(folded);
}

QString InspectToolBar::filter() const
{
    return m_filter->text();
}

void InspectToolBar::setFilter(const QString &text)
{
    m_filter->setText(text);
}

void InspectToolBar::focusFilter()
{
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
}

void InspectToolBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    foldToFit(*this, {[this](bool folded) { m_save->setFolded(folded); }, [this](bool folded) { m_fold->setFolded(folded); }});
}

} // namespace rekey::ui
