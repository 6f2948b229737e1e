// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/mapstatus.h"

#include "core/runtime/runtime.h"
#include "ui/models/keystatus.h"
#include "ui/theme/displaytext.h"
#include "ui/window/paintkit.h"

#include <QBoxLayout>
#include <QPainter>
#include <QPainterPath>
#include <QThread>

namespace rekey::ui {

StatusCount::StatusCount(Status status, QWidget *parent)
    : QToolButton(parent)
    , m_status(status)
{
    setFixedHeight(24);
    setAutoRaise(true);
    setFocusPolicy(Qt::TabFocus);
}

void StatusCount::setCount(const QString &count)
{
    m_count = count;
    setAccessibleName(statusWord(m_status) + QLatin1Char(' ') + count);
    setToolTip(tr("Show only: %1").arg(statusWord(m_status).toLower()));
    updateGeometry();
    update();
}

QSize StatusCount::sizeHint() const
{
    return {4 + 16 + 5 + QFontMetrics(secondaryFont()).horizontalAdvance(statusWord(m_status)) + 6
                + QFontMetrics(headerFont()).horizontalAdvance(m_count) + 6,
            24};
}

void StatusCount::paintEvent(QPaintEvent *)
{
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (underMouse() || isDown()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(mix(theme.window, theme.text, 0.07));
        painter.drawRoundedRect(rect(), 4, 4);
    }
    const QColor colour = theme.status(m_status).foreground;
    painter.drawPixmap(4, 4, iconPixmap(statusIcon(m_status), 16, devicePixelRatioF(), colour));
    const int wordWidth = QFontMetrics(secondaryFont()).horizontalAdvance(statusWord(m_status));
    paintText(painter, QRect(25, 0, wordWidth + 1, height()), statusWord(m_status), secondaryFont(), colour);
    paintText(painter, QRect(25 + wordWidth + 5, 0, width(), height()), m_count, headerFont(), colour);
    if (hasFocus())
        paintFocusRing(painter, rect(), theme.accent);
}

/// Decorative: the counts say the same in words.
class MapStatus::Bar : public QWidget
{
public:
    Bar()
    {
        setFixedSize(160, 6);
        setAccessibleName(QString());
    }

    void setParts(std::vector<std::pair<Status, std::size_t>> parts)
    {
        m_parts = std::move(parts);
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        QPainterPath shape;
        shape.addRoundedRect(rect(), 3, 3);
        painter.setClipPath(shape);
        painter.fillRect(rect(), theme.line);
        std::size_t total = 0;
        for (const auto &[status, count] : m_parts)
            total += count;
        double x = 0;
        for (const auto &[status, count] : m_parts) {
            if (count == 0 || total == 0)
                continue;
            const double wide = std::max(3.0, width() * static_cast<double>(count) / static_cast<double>(total));
            painter.fillRect(QRectF(x, 0, wide, height()), theme.status(status).foreground);
            x += wide;
            painter.fillRect(QRectF(x, 0, 1, height()), theme.window);
            x += 1;
        }
    }

private:
    std::vector<std::pair<Status, std::size_t>> m_parts;
};

MapStatus::MapStatus(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_bar(new Bar)
    , m_failureIcon(new QLabel)
    , m_failure(new QLabel)
    , m_plain(new QLabel)
    , m_suggestion(new QLabel)
    , m_safety(new QLabel(tr("Read without executing")))
    , m_safetyIcon(new QLabel)
    , m_threads(new QLabel)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_bar);
    row->addWidget(m_failureIcon);
    row->addWidget(m_failure);
    row->addWidget(m_plain);
    row->addSpacing(4);
    for (const Status status : {Status::Filled, Status::Initialised, Status::ToReview, Status::Missing, Status::Mismatched,
                                Status::Conflicting, Status::Unused, Status::Dropped}) {
        auto *count = new StatusCount(status);
        m_counts[status] = count;
        row->addWidget(count);
        connect(count, &QToolButton::clicked, this, [this, status] { Q_EMIT statusAsked(status); });
    }
    row->addStretch(1);
    row->addWidget(m_suggestion);
    row->addSpacing(4);
    row->addWidget(m_safetyIcon);
    row->addWidget(m_safety);
    row->addSpacing(4);
    row->addWidget(m_threads);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &MapStatus::follow);
    connect(&session, &Session::opened, this, &MapStatus::follow);
    connect(&session, &Session::suggestingChanged, this, &MapStatus::follow);
    follow();
}

void MapStatus::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fit();
}

void MapStatus::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        follow();
}

void MapStatus::fit()
{
    // What says least goes first when the window is narrow.
    const bool anyOpen = m_session.checkpoint(Side::Source) || m_session.checkpoint(Side::Target);
    m_suggestion->setVisible(width() >= 1180);
    m_safety->setVisible(anyOpen && width() >= 1000);
}

void MapStatus::follow()
{
    const Theme theme = Theme::of(palette());
    for (QLabel *label : {m_plain, m_suggestion, m_safety, m_threads}) {
        label->setFont(secondaryFont());
        label->setForegroundRole(QPalette::PlaceholderText);
    }
    m_safetyIcon->setPixmap(iconPixmap(QStringLiteral("safety"), 16, devicePixelRatioF(), theme.text3));
    const auto resolution = m_session.document().resolution();
    m_bar->setVisible(resolution != nullptr);
    const bool anyOpen = m_session.checkpoint(Side::Source) || m_session.checkpoint(Side::Target);
    m_safetyIcon->setVisible(anyOpen);
    m_safetyIcon->setToolTip(m_safety->text());
    fit();
    m_suggestion->setText(m_session.suggestionText());
    const int threads = QThread::idealThreadCount();
    m_threads->setText(threads == 1 ? tr("1 thread") : tr("%1 threads").arg(threads));
    QStringList plain, failed;
    if (!resolution) {
        for (const Side side : {Side::Source, Side::Target}) {
            const QString word = side == Side::Source ? tr("Source") : tr("Target");
            if (m_session.failure(side) != nullptr)
                failed += tr("%1 not opened").arg(word);
            else if (const auto tree = m_session.keyTree(side))
                plain += tr("%1: %2 tensors, %3 values")
                             .arg(word, countText(tree->at(KeyTree::root).keys), countText(tree->at(KeyTree::root).values));
        }
    }
    m_plain->setText(plain.join(QStringLiteral("   ")));
    m_plain->setVisible(!plain.isEmpty());
    const QColor wrong = theme.status(Status::Missing).foreground;
    m_failureIcon->setPixmap(iconPixmap(QStringLiteral("error"), 14, devicePixelRatioF(), wrong));
    m_failure->setFont(secondaryFont());
    m_failure->setText(QStringLiteral("<span style=\"color:%1\">%2</span>").arg(wrong.name(), failed.join(QStringLiteral(", "))));
    for (QWidget *part : {static_cast<QWidget *>(m_failureIcon), static_cast<QWidget *>(m_failure)})
        part->setVisible(!failed.isEmpty());
    const auto set = [this, &resolution](Status status, std::size_t count, bool always) {
        m_counts[status]->setCount(countText(count));
        m_counts[status]->setVisible(resolution && (always || count > 0));
    };
    if (!resolution) {
        for (const auto &[status, widget] : m_counts)
            widget->hide();
        return;
    }
    const std::size_t filled = resolution->count(TargetStatus::Filled), initialised = resolution->count(TargetStatus::Initialised);
    const std::size_t review = resolution->count(TargetStatus::ToReview), missing = resolution->count(TargetStatus::Missing);
    const std::size_t mismatched = resolution->count(TargetStatus::Mismatched), conflicting = resolution->count(TargetStatus::Conflicting);
    m_bar->setParts({{Status::Filled, filled},
                     {Status::Initialised, initialised},
                     {Status::ToReview, review},
                     {Status::Mismatched, mismatched},
                     {Status::Conflicting, conflicting},
                     {Status::Missing, missing}});
    m_counts[Status::Filled]->setCount(tr("%1 of %2").arg(countText(filled), countText(resolution->targets.size())));
    m_counts[Status::Filled]->show();
    set(Status::Initialised, initialised, false);
    set(Status::ToReview, review, true);
    set(Status::Missing, missing, true);
    set(Status::Mismatched, mismatched, false);
    set(Status::Conflicting, conflicting, false);
    set(Status::Unused, resolution->count(SourceStatus::Unused), true);
    set(Status::Dropped, resolution->count(SourceStatus::Dropped), false);
}

} // namespace rekey::ui
