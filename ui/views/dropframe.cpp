// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/dropframe.h"

#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QBoxLayout>
#include <QDragEnterEvent>
#include <QKeyEvent>
#include <QMimeData>
#include <QPainter>
#include <QUrl>

namespace rekey::ui {

DropFrame::DropFrame(Side side, QWidget *parent)
    : QWidget(parent)
    , m_side(side)
{
    setAcceptDrops(true);
    setFocusPolicy(Qt::StrongFocus);
    setFixedHeight(184);
    auto *open = new PageButton(PageButton::Look::Outlined, side == Side::Source ? tr("Open source…") : tr("Open target…"),
                                QStringLiteral("open"));
    open->setKeyCap(side == Side::Source ? QStringLiteral("Ctrl+O") : QStringLiteral("Ctrl+Shift+O"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch(1);
    buttons->addWidget(open);
    if (side == Side::Target) {
        auto *architecture = new PageButton(PageButton::Look::Outlined, tr("Choose architecture…"), QStringLiteral("schema"));
        buttons->addWidget(architecture);
        connect(architecture, &QAbstractButton::clicked, this, &DropFrame::architectureAsked);
    }
    buttons->addStretch(1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 0, 12, 32);
    column->addStretch(1);
    column->addLayout(buttons);
    connect(open, &QAbstractButton::clicked, this, &DropFrame::openAsked);
    setName({});
}

void DropFrame::setName(const QString &name)
{
    const bool source = m_side == Side::Source;
    m_title = name.isEmpty() ? (source ? tr("Drop the source here") : tr("Drop the target here")) : name;
    m_text = !name.isEmpty() ? tr("Open; drop another file to replace it")
        : source             ? tr("The file or folder your weights come from")
                             : tr("A file, a folder, or an architecture without a file");
    setAccessibleName(m_title);
    update();
}

void DropFrame::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(m_over || hasFocus() ? theme.accent : theme.line2, m_over || hasFocus() ? 2 : 1);
    if (!m_over)
        pen.setDashPattern({3 / pen.widthF(), 3 / pen.widthF()});
    painter.setPen(pen);
    painter.setBrush(m_over ? theme.sel : theme.base);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
    const QString iconName = m_side == Side::Source ? QStringLiteral("source") : QStringLiteral("target");
    painter.drawPixmap(width() / 2 - 12, 32, iconPixmap(iconName, 24, devicePixelRatioF(), m_side == Side::Source ? theme.src : theme.tgt));
    QFont title = font();
    title.setPixelSize(QFontInfo(title).pixelSize() + 2);
    title.setWeight(QFont::DemiBold);
    paintText(painter, QRect(12, 62, width() - 24, 24), m_title, title, theme.text, Qt::AlignCenter);
    paintText(painter, QRect(12, 90, width() - 24, 20), m_text, secondaryFont(), theme.text2, Qt::AlignCenter);
}

void DropFrame::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space)
        Q_EMIT openAsked();
    else
        QWidget::keyPressEvent(event);
}

void DropFrame::dragEnterEvent(QDragEnterEvent *event)
{
    m_over = event->mimeData()->hasUrls();
    if (m_over)
        event->acceptProposedAction();
    update();
}

void DropFrame::dragLeaveEvent(QDragLeaveEvent *)
{
    m_over = false;
    update();
}

void DropFrame::dropEvent(QDropEvent *event)
{
    m_over = false;
    update();
    if (!event->mimeData()->urls().isEmpty())
        Q_EMIT dropped(event->mimeData()->urls().front().toLocalFile());
}

} // namespace rekey::ui
