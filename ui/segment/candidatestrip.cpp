// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/candidatestrip.h"

#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QLocale>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int cards = 3;
constexpr int largestWidth = 188;
constexpr int smallestWidth = 116;
constexpr int gap = 12;
constexpr int cardHeight = 196;
constexpr int inset = 8;
constexpr int pictureHeight = 114;

QString score(const std::optional<CandidateScores> &scores, double CandidateScores::*which)
{
    return scores ? QLocale().toString(*scores.*which, 'f', 4) : QStringLiteral("–");
}

} // namespace

CandidateStrip::CandidateStrip(QWidget *parent)
    : ChoiceWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setAccessibleName(tr("Candidate masks"));
}

QSize CandidateStrip::thumbnailSize()
{
    return {largestWidth - 2 * inset, pictureHeight};
}

QSize CandidateStrip::sizeHint() const
{
    return {cards * largestWidth + (cards - 1) * gap, cardHeight};
}

QSize CandidateStrip::minimumSizeHint() const
{
    return {cards * smallestWidth + (cards - 1) * gap, cardHeight};
}

void CandidateStrip::setCandidates(const QList<CandidateView> &candidates, int chosen)
{
    m_candidates = candidates;
    m_chosen = chosen;
    describe();
    update();
}

void CandidateStrip::setChosen(int index)
{
    m_chosen = index;
    describe();
    update();
}

void CandidateStrip::describe()
{
    if (m_chosen < 0 || m_chosen >= m_candidates.size())
        return setAccessibleDescription(tr("No mask yet"));
    const CandidateView &view = m_candidates[m_chosen];
    constexpr auto iou = &CandidateScores::predictedIou, stability = &CandidateScores::stability;
    setAccessibleDescription(
        tr("Mask %1 of %2, predicted IoU %3 original, %4 converted, stability %5 original, %6 converted")
            .arg(m_chosen + 1)
            .arg(m_candidates.size())
            .arg(score(view.original, iou), score(view.converted, iou), score(view.original, stability), score(view.converted, stability)));
}

QRect CandidateStrip::choiceRect(int index) const
{
    const int cardWidth = std::clamp((width() - (cards - 1) * gap) / cards, smallestWidth, largestWidth);
    return {index * (cardWidth + gap), 0, cardWidth, cardHeight};
}

void CandidateStrip::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    for (int i = 0; i < std::max<int>(cards, static_cast<int>(m_candidates.size())); ++i)
        paintCard(painter, i);
}

void CandidateStrip::paintCard(QPainter &painter, int index) const
{
    const Theme theme = Theme::of(palette());
    const QRect card = choiceRect(index);
    const bool known = index < m_candidates.size(), isChosen = known && index == m_chosen;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(isChosen ? theme.accent : theme.line, isChosen ? 2 : 1));
    painter.setBrush(known && index == hoveredChoice() && !isChosen ? theme.hover : theme.base);
    const qreal edge = isChosen ? 1 : 0.5;
    painter.drawRoundedRect(QRectF(card).adjusted(edge, edge, -edge, -edge), 8, 8);

    const QRect area(card.left() + inset, card.top() + inset, card.width() - 2 * inset, pictureHeight);
    QPainterPath clip;
    clip.addRoundedRect(area, 4, 4);
    painter.save();
    painter.setClipPath(clip);
    painter.fillRect(area, theme.window);
    if (known && !m_candidates[index].thumbnail.isNull()) {
        const QSize fitted = m_candidates[index].thumbnail.size().scaled(area.size(), Qt::KeepAspectRatio);
        QRect place(QPoint(), fitted);
        place.moveCenter(area.center());
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        painter.drawImage(place, m_candidates[index].thumbnail);
    }
    painter.restore();
    if (!known)
        return;

    const CandidateView &view = m_candidates[index];
    const qreal ratio = devicePixelRatioF();
    const int line = area.bottom() + 7;
    painter.drawPixmap(QPoint(area.left(), line + 2), iconPixmap(isChosen ? QStringLiteral("accepted") : QStringLiteral("mask"), 14, ratio,
                                                                 isChosen ? theme.accent : theme.text2));
    QFont name = secondaryFont();
    name.setWeight(QFont::DemiBold);
    const int cap = keyCapWidth(QString::number(index + 1));
    paintText(painter, QRect(area.left() + 20, line, area.width() - 24 - cap, 18),
              view.isEmpty ? tr("Mask %1, empty").arg(index + 1) : tr("Mask %1").arg(index + 1), name, theme.text);
    paintKeyCap(painter, QRect(area.right() + 1 - cap, line, cap, 18), QString::number(index + 1), theme);
    const QFont figures = tabular(secondaryFont());
    int top = line + 22;
    for (const auto &[caption, which] :
         {std::pair {tr("IoU"), &CandidateScores::predictedIou}, std::pair {tr("stability"), &CandidateScores::stability}}) {
        const QRect scores(area.left(), top, area.width(), 18);
        paintText(painter, scores, score(view.original, which), figures, theme.src);
        // In a narrow card the two figures need the room; the line over the cards names them in this order.
        const int room = area.width() - 2 * QFontMetrics(figures).horizontalAdvance(QStringLiteral("0.0000")) - 8;
        if (QFontMetrics(smallFont()).horizontalAdvance(caption) <= room)
            paintText(painter, scores, caption, smallFont(), theme.text3, Qt::AlignCenter);
        paintText(painter, scores, score(view.converted, which), figures, theme.tgt, Qt::AlignRight | Qt::AlignVCenter);
        top += 18;
    }
    if (hasFocus() && isChosen) {
        painter.setPen(QPen(theme.accent, 1, Qt::DotLine));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(card).adjusted(3.5, 3.5, -3.5, -3.5), 6, 6);
    }
}

} // namespace rekey::ui
