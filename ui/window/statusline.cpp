// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/statusline.h"

#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QEvent>
#include <QPainter>

#include <algorithm>
#include <utility>

namespace rekey::ui {

namespace {
constexpr int barWidth = 120;
constexpr int gap = 16;
}

StatusLine::StatusLine(QWidget *parent)
    : QWidget(parent)
    , m_cancel(new PageButton(PageButton::Look::Link, tr("Cancel"), {}, this))
{
    setFixedHeight(28);
    m_cancel->hide();
    connect(m_cancel, &QAbstractButton::clicked, this, &StatusLine::cancelClicked);
}

void StatusLine::setState(const QString &iconName, const QString &text, Status status)
{
    m_iconName = iconName;
    m_state = text;
    m_status = status;
    setAccessibleName(text);
    update();
}

void StatusLine::setFacts(const QStringList &left, const QStringList &right)
{
    if (left == m_left && right == m_right)
        return;
    m_left = left;
    m_right = right;
    update();
}

void StatusLine::setProgress(const std::optional<double> &fraction, const QString &text)
{
    m_fraction = fraction;
    m_progressText = text;
    m_cancel->setVisible(fraction.has_value());
    update();
}

void StatusLine::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    const QFont font = tabular(secondaryFont());
    const QFontMetrics metrics(font);
    int x = 12;
    if (m_fraction) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        const QRectF bar(x, height() / 2.0 - 3, barWidth, 6);
        painter.setBrush(theme.line);
        painter.drawRoundedRect(bar, 3, 3);
        painter.setBrush(theme.accent);
        painter.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(std::max(6.0, bar.width() * std::clamp(*m_fraction, 0.0, 1.0)), 6)), 3, 3);
        x += barWidth + 8;
        const int wide = metrics.horizontalAdvance(m_progressText) + 2;
        paintText(painter, QRect(x, 0, wide, height()), m_progressText, font, theme.text);
        x += wide + 8;
        m_cancel->move(x, (height() - m_cancel->sizeHint().height()) / 2);
        m_cancel->resize(m_cancel->sizeHint());
        x += m_cancel->width() + gap;
    } else if (!m_state.isEmpty()) {
        const QColor ink = m_status == Status::None ? theme.text2 : theme.status(m_status).foreground;
        if (!m_iconName.isEmpty()) {
            painter.drawPixmap(QPoint(x, (height() - 14) / 2), iconPixmap(m_iconName, 14, devicePixelRatioF(), ink));
            x += 14 + 6;
        }
        const int wide = metrics.horizontalAdvance(m_state) + 2;
        paintText(painter, QRect(x, 0, wide, height()), m_state, font, ink);
        x += wide + gap;
    }
    // The right side keeps its place; the left gives way.
    int right = width() - 12;
    for (auto fact = m_right.crbegin(); fact != m_right.crend(); ++fact) {
        const int wide = metrics.horizontalAdvance(*fact) + 2;
        paintText(painter, QRect(right - wide, 0, wide, height()), *fact, font, theme.text2);
        right -= wide + gap;
    }
    for (const QString &fact : std::as_const(m_left)) {
        const int wide = std::min(metrics.horizontalAdvance(fact) + 2, right - x);
        if (wide < 24)
            break;
        paintText(painter, QRect(x, 0, wide, height()), fact, font, theme.text2);
        x += wide + gap;
    }
}

void StatusLine::changeEvent(QEvent *event)
{
    update();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
