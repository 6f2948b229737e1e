// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/module/outputview.h"

#include "ui/segment/maskpicture.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/paintkit.h"

#include <QEvent>
#include <QLocale>
#include <QPainter>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr std::size_t mostScores = 12;
constexpr int scoreRow = 28;

QImage maskImage(const ValueMap &map, double threshold)
{
    const std::vector<std::uint8_t> pixels = maskOf(map, threshold);
    return QImage(pixels.data(), map.width, map.height, map.width, QImage::Format_Grayscale8).copy();
}

} // namespace

OutputPicture outputPicture(const ScriptOutput &output, const OutputChoice &choice, const std::vector<std::string> &labels)
{
    OutputPicture result;
    result.kind = choice.kind;
    try {
        switch (choice.kind) {
        case OutputKind::Mask: result.picture = maskImage(valueMap(output, choice.channel), choice.threshold); break;
        case OutputKind::HeatMap: {
            const ValueMap map = valueMap(output, choice.channel);
            result.picture = qImage(heatMap(map));
            result.smallest = static_cast<double>(map.smallest);
            result.largest = static_cast<double>(map.largest);
            break;
        }
        case OutputKind::Scores: result.scores = classScores(output, labels, mostScores); break;
        case OutputKind::Features: result.picture = qImage(featureColours(output)); break;
        }
    } catch (const std::exception &error) {
        result.error = QString::fromUtf8(error.what());
    }
    return result;
}

OutputView::OutputView(QWidget *parent)
    : QWidget(parent)
{
    setMinimumSize(160, 120);
}

void OutputView::setPicture(const QImage &picture)
{
    OutputPicture shown;
    shown.picture = picture;
    setOutput(shown);
}

void OutputView::setOutput(const OutputPicture &output)
{
    m_output = output;
    m_text = output.error;
    QStringList lines;
    for (const ClassScore &score : output.scores)
        lines << QStringLiteral("%1 %2").arg(QString::fromStdString(score.label), confidenceText(score.probability));
    setAccessibleDescription(lines.isEmpty() ? m_text : lines.join(QStringLiteral(", ")));
    update();
}

void OutputView::clear(const QString &text)
{
    m_output = {};
    m_text = text;
    update();
}

void OutputView::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    painter.fillRect(rect(), theme.window);
    if (!m_text.isEmpty()) {
        painter.setFont(secondaryFont());
        painter.setPen(theme.text2);
        painter.drawText(rect().adjusted(24, 24, -24, -24), static_cast<int>(Qt::AlignCenter) | Qt::TextWordWrap, m_text);
    } else if (!m_output.scores.empty()) {
        paintScores(painter);
    } else if (!m_output.picture.isNull()) {
        paintPicture(painter, m_output.picture);
    }
}

void OutputView::paintPicture(QPainter &painter, const QImage &picture)
{
    const QSize fitted = picture.size().scaled(size(), Qt::KeepAspectRatio);
    QRect place(QPoint(), fitted);
    place.moveCenter(rect().center());
    // Few pixels are shown as the squares that they are.
    painter.setRenderHint(QPainter::SmoothPixmapTransform, fitted.width() < picture.width() * 3);
    painter.drawImage(place, picture);
}

void OutputView::paintScores(QPainter &painter)
{
    const Theme theme = Theme::of(palette());
    const QFont figures = tabular(secondaryFont());
    const int labelWidth = std::min(width() / 2, 240);
    int y = 16;
    for (const ClassScore &score : m_output.scores) {
        const QRect row(16, y, width() - 32, scoreRow);
        const QString name = score.label.empty() ? tr("Class %1").arg(score.index) : keyText(score.label);
        paintText(painter, QRect(row.left(), row.top(), labelWidth - 8, row.height()), name, secondaryFont(), theme.text);
        const QRect bar(row.left() + labelWidth, row.center().y() - 4, row.width() - labelWidth - 56, 8);
        painter.fillRect(bar, theme.grid);
        painter.fillRect(QRectF(bar.left(), bar.top(), std::max(1.0, bar.width() * std::clamp(score.probability, 0.0, 1.0)), bar.height()),
                         theme.tgt);
        paintText(painter, QRect(row.right() - 50, row.top(), 50, row.height()), confidenceText(score.probability), figures, theme.text,
                  Qt::AlignRight | Qt::AlignVCenter);
        y += scoreRow;
        if (y + scoreRow > height())
            break;
    }
}

void OutputView::changeEvent(QEvent *event)
{
    update();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
