// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmenttoolbar.h"

#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/toolbarfit.h"

#include <QButtonGroup>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>

namespace rekey::ui {

namespace {

PageButton *glyph(const QString &iconName, const QString &name, QWidget *parent)
{
    auto *button = new PageButton(PageButton::Look::Flat, {}, iconName, parent);
    button->setToolTip(name);
    button->setAccessibleName(name);
    return button;
}

constexpr int defaultOpacity = 42;

} // namespace

SegmentToolBar::SegmentToolBar(QWidget *parent)
    : QWidget(parent)
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->setSizeConstraint(QLayout::SetNoConstraint);

    struct ToolRow
    {
        CanvasTool tool;
        const char *iconName;
        QString name;
    };
    const ToolRow rows[] = {{CanvasTool::Point, "point", tr("Point: left click")},
                            {CanvasTool::Background, "point-background", tr("Background point: right click")},
                            {CanvasTool::Box, "box", tr("Box: drag")},
                            {CanvasTool::Pan, "pan", tr("Pan: Shift and drag")}};
    auto *group = new QButtonGroup(this);
    for (const ToolRow &row : rows) {
        PageButton *button = glyph(QString::fromLatin1(row.iconName), row.name, this);
        button->setCheckable(true);
        group->addButton(button);
        layout->addWidget(button);
        m_tools << button;
        connect(button, &QAbstractButton::clicked, this, [this, tool = row.tool] { Q_EMIT toolChosen(tool); });
    }
    m_tools.first()->setChecked(true);

    layout->addSpacing(8);
    auto *line = new QFrame(this);
    line->setFixedSize(1, 20);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    layout->addWidget(line);
    layout->addSpacing(8);

    m_undo = glyph(QStringLiteral("undo"), tr("Undo last prompt (Ctrl+Z)"), this);
    m_redo = glyph(QStringLiteral("redo"), tr("Redo prompt (Ctrl+Shift+Z)"), this);
    m_fit = glyph(QStringLiteral("zoom-fit"), tr("Show the whole picture (Ctrl+0)"), this);
    for (PageButton *button : {m_undo, m_redo, m_fit})
        layout->addWidget(button);
    connect(m_undo, &QAbstractButton::clicked, this, &SegmentToolBar::undoClicked);
    connect(m_redo, &QAbstractButton::clicked, this, &SegmentToolBar::redoClicked);
    connect(m_fit, &QAbstractButton::clicked, this, &SegmentToolBar::fitClicked);

    m_maskPart = new QWidget(this);
    auto *mask = new QHBoxLayout(m_maskPart);
    mask->setContentsMargins(12, 0, 0, 0);
    mask->setSpacing(8);
    auto *caption = new QLabel(tr("Mask"), m_maskPart);
    caption->setFont(secondaryFont());
    m_opacity = new QSlider(Qt::Horizontal, m_maskPart);
    m_opacity->setRange(0, 100);
    m_opacity->setValue(defaultOpacity);
    m_opacity->setFixedWidth(88);
    m_opacity->setAccessibleName(tr("Mask opacity"));
    m_percent = new QLabel(m_maskPart);
    m_percent->setFont(secondaryFont());
    m_percent->setFixedWidth(36);
    caption->setBuddy(m_opacity);
    mask->addWidget(caption);
    mask->addWidget(m_opacity);
    mask->addWidget(m_percent);
    layout->addWidget(m_maskPart);
    const auto showPercent = [this](int value) { m_percent->setText(tr("%1 %").arg(value)); };
    connect(m_opacity, &QSlider::valueChanged, this, [this, showPercent](int value) {
        showPercent(value);
        Q_EMIT opacityChanged(value / 100.0);
    });
    showPercent(defaultOpacity);

    layout->addStretch();
    m_mode = new SegmentedSwitch({{tr("Side by side"), QStringLiteral("side-by-side"), tr("Original and converted beside each other")},
                                  {tr("Swipe"), QStringLiteral("swipe"), tr("One picture, a line between original and converted")},
                                  {tr("Difference"), QStringLiteral("difference"), tr("Pixels that only one of the masks has")}},
                                 this);
    m_mode->setAccessibleName(tr("View"));
    layout->addWidget(m_mode);
    layout->addSpacing(6);
    m_open = new PageButton(PageButton::Look::Outlined, tr("Open image…"), QStringLiteral("photo"), this);
    m_open->setAccessibleName(tr("Open image…"));
    layout->addWidget(m_open);
    layout->addSpacing(6);
    m_run = new PageButton(PageButton::Look::Primary, tr("Run both"), QStringLiteral("run"), this);
    m_run->setKeyCap(tr("F5"));
    layout->addWidget(m_run);
    connect(m_mode, &SegmentedSwitch::currentChanged, this, [this](int index) { Q_EMIT modeChosen(static_cast<CanvasMode>(index)); });
    connect(m_open, &QAbstractButton::clicked, this, &SegmentToolBar::openClicked);
    connect(m_run, &QAbstractButton::clicked, this, &SegmentToolBar::runClicked);
}

void SegmentToolBar::setUndoEnabled(bool undo, bool redo)
{
    m_undo->setEnabled(undo);
    m_redo->setEnabled(redo);
}

void SegmentToolBar::setRunEnabled(bool enabled)
{
    m_run->setEnabled(enabled);
}

void SegmentToolBar::setMode(CanvasMode mode)
{
    m_mode->setCurrent(static_cast<int>(mode));
}

void SegmentToolBar::setTool(CanvasTool tool)
{
    m_tools[static_cast<int>(tool)]->setChecked(true);
}

void SegmentToolBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    // Narrow windows keep every control as long as they can: first texts fold to icons, then the slider goes.
    foldToFit(*this, {[this](bool folded) { m_open->setFolded(folded); }, [this](bool folded) { m_mode->setFolded(folded); },
                      [this](bool folded) { m_maskPart->setHidden(folded); }});
}

} // namespace rekey::ui
