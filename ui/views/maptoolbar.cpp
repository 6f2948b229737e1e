// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/maptoolbar.h"

#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/toolbarfit.h"

#include <QBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QUndoStack>

namespace rekey::ui {

FilterField::FilterField(const QString &placeholder, QWidget *parent)
    : QLineEdit(parent)
{
    setPlaceholderText(placeholder);
    setAccessibleName(placeholder);
    setClearButtonEnabled(true);
    setTextMargins(20, 0, 0, 0);
    setFixedHeight(28);
    setToolTip(tr("Part of a key, /a regular expression/, dtype:F16, shape:480x160 or status:missing"));
}

void FilterField::paintEvent(QPaintEvent *event)
{
    QLineEdit::paintEvent(event);
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.drawPixmap(9, (height() - 16) / 2, iconPixmap(QStringLiteral("search"), 16, devicePixelRatioF(), theme.text3));
    const QString cap = QStringLiteral("Ctrl+F");
    const int words = QFontMetrics(font()).horizontalAdvance(placeholderText());
    if (text().isEmpty() && 32 + words + keyCapWidth(cap) + 8 <= width())
        paintKeyCap(painter, QRect(width() - keyCapWidth(cap) - 6, 0, keyCapWidth(cap), height()), cap, theme);
}

void FilterField::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && !text().isEmpty())
        clear();
    else
        QLineEdit::keyPressEvent(event);
}

MapToolBar::MapToolBar(QUndoStack &undo, QWidget *parent)
    : QWidget(parent)
    , m_undo(new PageButton(PageButton::Look::Flat, {}, QStringLiteral("undo")))
    , m_redo(new PageButton(PageButton::Look::Flat, {}, QStringLiteral("redo")))
    , m_suggest(new PageButton(PageButton::Look::Outlined, tr("Suggest again"), QStringLiteral("evidence")))
    , m_next(new PageButton(PageButton::Look::Outlined, tr("Next question"), QStringLiteral("next-question")))
    , m_convert(new PageButton(PageButton::Look::Primary, tr("Convert…"), QStringLiteral("convert")))
    , m_show(new SegmentedSwitch({{tr("All"), {}, tr("All rules and keys")},
                                  {tr("Open"), {}, tr("What still has to be looked at")},
                                  {tr("Changed by me"), {}, tr("Rules accepted or written by hand")}}))
    , m_filter(new FilterField(tr("Filter keys")))
{
    m_next->setKeyCap(QStringLiteral("F7"));
    m_show->setAccessibleName(tr("Show"));
    m_undo->setToolTip(tr("Undo (Ctrl+Z)"));
    m_undo->setAccessibleName(tr("Undo"));
    m_redo->setToolTip(tr("Redo (Ctrl+Shift+Z)"));
    m_redo->setAccessibleName(tr("Redo"));
    m_suggest->setToolTip(tr("Propose rules again; what is accepted stays"));
    m_convert->setToolTip(tr("Convert the source into the target's layout (Ctrl+Return)"));
    m_filter->setFixedWidth(208);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->setSizeConstraint(QLayout::SetNoConstraint);
    row->addWidget(m_undo);
    row->addWidget(m_redo);
    row->addSpacing(4);
    row->addWidget(m_suggest);
    row->addWidget(m_next);
    row->addStretch(1);
    row->addWidget(m_show);
    row->addWidget(m_filter);
    row->addWidget(m_convert);
    const auto follow = [this, &undo] {
        m_undo->setEnabled(undo.canUndo());
        m_redo->setEnabled(undo.canRedo());
        m_undo->setToolTip(undo.canUndo() ? tr("Undo %1 (Ctrl+Z)").arg(undo.undoText()) : tr("Undo (Ctrl+Z)"));
        m_redo->setToolTip(undo.canRedo() ? tr("Redo %1 (Ctrl+Shift+Z)").arg(undo.redoText()) : tr("Redo (Ctrl+Shift+Z)"));
    };
    connect(&undo, &QUndoStack::indexChanged, this, follow);
    follow();
    connect(m_undo, &QAbstractButton::clicked, &undo, &QUndoStack::undo);
    connect(m_redo, &QAbstractButton::clicked, &undo, &QUndoStack::redo);
}

void MapToolBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    foldToFit(*this, {[this](bool folded) { m_suggest->setFolded(folded); }, [this](bool folded) { m_next->setFolded(folded); },
                      [this](bool folded) { m_filter->setFixedWidth(folded ? 140 : 208); }});
}

} // namespace rekey::ui
