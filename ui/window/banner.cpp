// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/banner.h"

#include "ui/window/pagebutton.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

#include <utility>

namespace rekey::ui {

Banner::Banner(QWidget *parent)
    : QWidget(parent)
    , m_icon(new QLabel(this))
    , m_text(new QLabel(this))
    , m_action(new PageButton(PageButton::Look::Outlined, {}, {}, this))
    , m_close(new PageButton(PageButton::Look::Flat, {}, QStringLiteral("close"), this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 8, 8, 8);
    layout->setSpacing(8);
    // Beside the first line, in the middle where there is but one.
    m_icon->setFixedHeight(24);
    layout->addWidget(m_icon, 0, Qt::AlignTop);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_action);
    layout->addWidget(m_close);
    m_close->setSmall(true);
    m_close->setToolTip(tr("Close this message"));
    m_close->setAccessibleName(tr("Close this message"));
    m_close->hide();
    connect(m_close, &QAbstractButton::clicked, this, &QWidget::hide);
    m_action->setSmall(true);
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    connect(m_action, &QAbstractButton::clicked, this, &Banner::actionClicked);
    connect(this, &Banner::actionClicked, this, [this] {
        // A copy: what it does may well show another message.
        if (const std::function<void()> act = m_act)
            act();
    });
    hide();
}

void Banner::showMessage(Status status, const QString &iconName, const QString &text, const QString &action)
{
    m_act = nullptr;
    m_status = status;
    m_iconName = iconName;
    m_text->setText(text);
    m_text->setFont(secondaryFont());
    m_action->setText(action);
    m_action->updateGeometry();
    m_action->setVisible(!action.isEmpty());
    setAccessibleName(text);
    applyTheme();
    show();
}

void Banner::offer(Status status, const QString &iconName, const QString &text, const QString &action, std::function<void()> act)
{
    showMessage(status, iconName, text, action);
    m_act = std::move(act);
}

void Banner::setClosable(bool closable)
{
    m_close->setVisible(closable);
}

void Banner::setEdgeToEdge(bool on)
{
    m_edgeToEdge = on;
    update();
}

QString Banner::text() const
{
    return m_text->text();
}

void Banner::applyTheme()
{
    const Theme theme = Theme::of(palette());
    const QColor ink = m_status == Status::None ? theme.text2 : theme.status(m_status).foreground;
    m_icon->setPixmap(iconPixmap(m_iconName, 16, devicePixelRatioF(), ink));
    QPalette changed = m_text->palette();
    changed.setColor(QPalette::WindowText, m_status == Status::None ? theme.text : ink);
    m_text->setPalette(changed);
    update();
}

void Banner::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Theme theme = Theme::of(palette());
    if (m_edgeToEdge) {
        painter.fillRect(rect(), m_status == Status::None ? theme.raised : theme.status(m_status).tint);
        painter.fillRect(QRectF(0, height() - 1.0 / devicePixelRatioF(), width(), 1.0 / devicePixelRatioF()), theme.line);
        return;
    }
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(m_status == Status::None ? theme.raised : theme.status(m_status).tint);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
}

void Banner::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange && !m_iconName.isEmpty())
        applyTheme();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
