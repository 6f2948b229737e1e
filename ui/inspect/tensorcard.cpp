// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/tensorcard.h"

#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"

#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr QSize markSize(12, 16);

/// Leading segments that two keys share, with the dot after them.
std::size_t commonPrefix(const std::string &a, const std::string &b)
{
    std::size_t dot = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i)
        if (a[i] == '.')
            dot = i + 1;
    return dot;
}

QString lastSegment(const std::string &path)
{
    const std::size_t dot = path.rfind('.');
    return keyText(dot == std::string::npos ? path : path.substr(dot + 1));
}

QLabel *label(const QFont &font, QWidget *parent)
{
    auto *result = new ElidedLabel(parent);
    result->setFont(font);
    return result;
}

void ink(QLabel *label, const QColor &colour)
{
    QPalette changed = label->palette();
    changed.setColor(QPalette::WindowText, colour);
    label->setPalette(changed);
}

/// A filled square for the source, a line for the target, as in the plot.
QPixmap markOf(bool source, const Theme &theme, qreal ratio)
{
    QPixmap mark(markSize * ratio);
    mark.setDevicePixelRatio(ratio);
    mark.fill(Qt::transparent);
    QPainter painter(&mark);
    if (source) {
        painter.fillRect(QRectF(0, 2, 12, 12), theme.src);
        painter.fillRect(QRectF(1, 3, 10, 10), theme.srcFill);
    } else {
        painter.fillRect(QRectF(0, 7, 12, 2), theme.tgt);
    }
    return mark;
}

} // namespace

TensorCard::TensorCard(QWidget *parent)
    : QWidget(parent)
    , m_title(label(headerFont(), this))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 12, 12, 12);
    layout->setSpacing(8);
    layout->addWidget(m_title);
    m_source = addRow(tr("Source"));
    m_target = addRow(tr("Target"));
    layout->addWidget(m_source.widget);
    layout->addWidget(m_target.widget);

    m_review = new QWidget(this);
    auto *review = new QHBoxLayout(m_review);
    review->setContentsMargins(0, 0, 0, 0);
    review->setSpacing(6);
    m_reviewIcon = new QLabel(m_review);
    m_reviewText = new QLabel(m_review);
    m_reviewText->setFont(secondaryFont());
    m_other = new PageButton(PageButton::Look::Link, {}, {}, m_review);
    review->addWidget(m_reviewIcon);
    review->addWidget(m_reviewText, 1);
    review->addWidget(m_other);
    layout->addWidget(m_review);
    layout->addStretch();
    connect(m_other, &QAbstractButton::clicked, this, &TensorCard::otherCandidateAsked);
    applyTheme();
}

TensorCard::Row TensorCard::addRow(const QString &side)
{
    Row row;
    row.widget = new QWidget(this);
    auto *grid = new QGridLayout(row.widget);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(0);
    row.mark = new QLabel(row.widget);
    row.mark->setFixedSize(markSize);
    row.name = label(fixedFont(), row.widget);
    row.facts = label(secondaryFont(), row.widget);
    auto *sideName = new QLabel(side, row.widget);
    sideName->setFont(secondaryFont());
    grid->addWidget(row.mark, 0, 0);
    grid->addWidget(sideName, 0, 1);
    grid->addWidget(row.name, 0, 2);
    grid->addWidget(row.facts, 1, 1, 1, 2);
    grid->setColumnStretch(2, 1);
    return row;
}

void TensorCard::fill(const Row &row, const TensorEntry *tensor, std::size_t prefix)
{
    row.widget->setVisible(tensor != nullptr);
    if (tensor == nullptr)
        return;
    row.name->setText(keyText(tensor->key.substr(prefix)));
    row.name->setToolTip(keyText(tensor->key));
    const std::string_view dtype = rekey::name(tensor->dtype);
    row.facts->setText(tr("%1 · %2 · %3 values · %4")
                           .arg(QString::fromLatin1(dtype.data(), static_cast<qsizetype>(dtype.size())), shapeText(tensor->shape),
                                countText(tensor->elements()), bytesText(tensor->bytes())));
}

void TensorCard::setTensors(const TensorEntry *source, const TensorEntry *target)
{
    const std::size_t prefix = source != nullptr && target != nullptr ? commonPrefix(source->key, target->key) : 0;
    const std::string &key = source != nullptr ? source->key : target->key;
    m_title->setText(lastSegment(prefix > 0 ? key.substr(0, prefix - 1) : key.substr(0, key.rfind('.'))));
    fill(m_source, source, prefix);
    fill(m_target, target, prefix);
}

void TensorCard::setCandidate(int shown, int of)
{
    m_review->setVisible(of > 1);
    m_reviewText->setText(tr("Candidate %1 of %2 shown").arg(shown + 1).arg(of));
    m_other->setText(tr("Show candidate %1").arg((shown + 1) % std::max(1, of) + 1));
    m_other->updateGeometry();
}

void TensorCard::applyTheme()
{
    const Theme theme = Theme::of(palette());
    for (QLabel *quiet : {m_source.facts, m_target.facts})
        ink(quiet, theme.text2);
    for (QLabel *plain : {m_title, m_source.name, m_target.name})
        ink(plain, theme.text);
    const QColor review = theme.status(Status::ToReview).foreground;
    ink(m_reviewText, review);
    m_reviewIcon->setPixmap(iconPixmap(statusIcon(Status::ToReview), 14, devicePixelRatioF(), review));
    m_source.mark->setPixmap(markOf(true, theme, devicePixelRatioF()));
    m_target.mark->setPixmap(markOf(false, theme, devicePixelRatioF()));
}

void TensorCard::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        applyTheme();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
