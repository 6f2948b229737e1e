// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/agreementpanel.h"

#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"
#include "ui/window/panelheader.h"

#include <QLocale>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace rekey::ui {

namespace {

constexpr int bodyHeight = 186;
constexpr int padding = 12;

struct VerdictLook
{
    Status status;
    const char *icon;
    const char *text;
};

VerdictLook look(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Equal: return {Status::Proven, "proven", QT_TRANSLATE_NOOP("AgreementPanel", "Equal")};
    case Verdict::WithinTolerance: return {Status::Suggested, "suggested", QT_TRANSLATE_NOOP("AgreementPanel", "Within tolerance")};
    case Verdict::Drifts: return {Status::ToReview, "to-review", QT_TRANSLATE_NOOP("AgreementPanel", "Drifts")};
    case Verdict::Diverges: return {Status::Missing, "error", QT_TRANSLATE_NOOP("AgreementPanel", "Diverges")};
    }
    return {Status::None, "", ""};
}

} // namespace

class AgreementPanel::Body : public QWidget
{
public:
    explicit Body(QWidget *parent)
        : QWidget(parent)
    {
        setFixedHeight(bodyHeight);
    }

    void set(const std::optional<Agreement> &agreement, const QString &why)
    {
        m_agreement = agreement;
        m_why = why;
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        const Theme theme = Theme::of(palette());
        if (!m_agreement) {
            painter.setFont(secondaryFont());
            painter.setPen(theme.text2);
            painter.drawText(rect().adjusted(padding, 10, -padding, -6), Qt::TextWordWrap | Qt::AlignLeft | Qt::AlignTop, m_why);
            return;
        }
        paintFigures(painter, theme);
        paintHistogram(painter, theme);
    }

private:
    void paintFigures(QPainter &painter, const Theme &theme) const
    {
        const Agreement &a = *m_agreement;
        const QFont figures = tabular(figureFont());
        const QString iou = iouText(a.maskIou), difference = errorText(a.maxLogitDifference);
        const int second
            = padding
              + std::max(QFontMetrics(figures).horizontalAdvance(iou), QFontMetrics(secondaryFont()).horizontalAdvance(tr("Mask IoU")))
              + 24;
        paintText(painter, QRect(padding, 10, second - padding, 26), iou, figures, theme.text);
        paintText(painter, QRect(second, 10, width() - second, 26), difference, figures, theme.text);
        paintText(painter, QRect(padding, 37, second - padding, 17), tr("Mask IoU"), secondaryFont(), theme.text2);
        paintText(painter, QRect(second, 37, width() - second, 17), tr("Max logit difference"), secondaryFont(), theme.text2);
        QString pixels;
        if (a.empty)
            pixels = tr("Both masks are empty: no pixel above 0");
        else if (a.differingPixels == 0)
            pixels = tr("None of %1 pixels differs").arg(countText(a.pixels));
        else if (a.onOutline)
            pixels = tr("%1 of %2 pixels differ, all on the outline").arg(countText(a.differingPixels), countText(a.pixels));
        else
            pixels = tr("%1 of %2 pixels differ").arg(countText(a.differingPixels), countText(a.pixels));
        paintText(painter, QRect(padding, 60, width() - 2 * padding, 18), pixels, secondaryFont(), theme.text2);
    }

    void paintHistogram(QPainter &painter, const Theme &theme) const
    {
        const Agreement &a = *m_agreement;
        const QRect plot(40, 100, width() - 80, 52);
        const QFont font = tabular(smallFont());
        const std::uint64_t top
            = std::max<std::uint64_t>(1, a.histogram.empty() ? 1 : *std::max_element(a.histogram.begin(), a.histogram.end()));
        const double step = static_cast<double>(plot.width()) / static_cast<double>(std::max<std::size_t>(1, a.histogram.size()));
        painter.setRenderHint(QPainter::Antialiasing, false);
        const QColor bar = mix(theme.base, theme.text, 0.5);
        for (std::size_t i = 0; i < a.histogram.size(); ++i) {
            if (a.histogram[i] == 0)
                continue;
            const double height = std::max(1.0, 48.0 * static_cast<double>(a.histogram[i]) / static_cast<double>(top));
            painter.fillRect(QRectF(plot.left() + static_cast<double>(i) * step + 0.5, plot.bottom() - height, step - 1.5, height), bar);
        }
        painter.fillRect(QRectF(plot.left(), plot.bottom(), plot.width(), 1), theme.line2);

        const double span = a.upperDecade - a.lowerDecade;
        const double at = plot.left() + plot.width() * (std::log10(a.tolerance) - a.lowerDecade) / span;
        const QColor ink = theme.status(Status::Missing).foreground;
        painter.setPen(QPen(ink, 1, Qt::DashLine));
        painter.drawLine(QPointF(at, plot.top() - 14), QPointF(at, plot.bottom()));
        const int wide = QFontMetrics(font).horizontalAdvance(tr("tolerance")) + 2;
        paintText(painter, QRect(static_cast<int>(at) - 6 - wide, plot.top() - 16, wide, 14), tr("tolerance"), font, ink,
                  Qt::AlignRight | Qt::AlignVCenter);

        const QRect axis(plot.left() - 28, plot.bottom() + 4, plot.width() + 56, 16);
        paintText(painter, QRect(axis.left(), axis.top(), 56, 16), powerText(a.lowerDecade), font, theme.text3, Qt::AlignCenter);
        paintText(painter, QRect(axis.right() - 55, axis.top(), 56, 16), powerText(a.upperDecade), font, theme.text3, Qt::AlignCenter);
        QString caption = tr("|Δ logit|, %1 values").arg(countText(a.logits));
        if (a.equalLogits > 0)
            caption = tr("|Δ logit|, %1 of %2 equal").arg(countText(a.equalLogits), countText(a.logits));
        paintText(painter, axis.adjusted(56, 0, -56, 0), caption, font, theme.text3, Qt::AlignCenter);
    }

    std::optional<Agreement> m_agreement;
    QString m_why;
};

AgreementPanel::AgreementPanel(QWidget *parent)
    : QWidget(parent)
    , m_header(new PanelHeader(tr("Agreement"), {}, this))
    , m_body(new Body(this))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_header);
    layout->addWidget(m_body);
    m_body->setAccessibleName(tr("Agreement"));
}

QString AgreementPanel::iouText(double iou)
{
    if (iou >= 1)
        return QStringLiteral("1");
    return QLocale().toString(std::min(iou, 0.99999), 'f', 5);
}

void AgreementPanel::setAgreement(const std::optional<Agreement> &agreement, const QString &why)
{
    m_body->set(agreement, why);
    if (!agreement) {
        m_header->clearChip();
        m_body->setAccessibleDescription(why);
        return;
    }
    const VerdictLook verdict = look(agreement->verdict);
    m_header->setChip(QString::fromLatin1(verdict.icon), tr(verdict.text), verdict.status);
    m_body->setAccessibleDescription(tr("%1. Mask IoU %2, largest logit difference %3, %4 of %5 pixels differ")
                                         .arg(tr(verdict.text), iouText(agreement->maskIou), errorText(agreement->maxLogitDifference),
                                              countText(agreement->differingPixels), countText(agreement->pixels)));
}

} // namespace rekey::ui
