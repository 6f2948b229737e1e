// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/histogramplot.h"

#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "ui/window/plotlibrary.h"

namespace rekey::ui {

namespace {

/// Below one count, so that an empty bin lies on the axis and not at minus infinity.
constexpr double logarithmicFloor = 0.6;

const Histogram *shown(const std::optional<Histogram> &source, const std::optional<Histogram> &target)
{
    return source ? &*source : target ? &*target : nullptr;
}

double largestCount(const std::optional<Histogram> &histogram)
{
    if (!histogram || histogram->counts.empty())
        return 0;
    return static_cast<double>(*std::max_element(histogram->counts.begin(), histogram->counts.end()));
}

/// Counts in the locale's spelling, without exponents.
class CountTicker : public QCPAxisTicker
{
public:
    CountTicker() { setTickCount(4); }

protected:
    QString getTickLabel(double tick, const QLocale &, QChar, int) override
    {
        return tick < 0 || tick != std::floor(tick) ? QString() : countText(static_cast<quint64>(tick));
    }
};

class LogarithmicCountTicker : public QCPAxisTickerLog
{
protected:
    QString getTickLabel(double tick, const QLocale &, QChar, int) override
    {
        return shortCountText(static_cast<quint64>(std::llround(tick)));
    }
};

/// Values with a real minus sign and no more decimals than the step needs.
class ValueTicker : public QCPAxisTicker
{
public:
    ValueTicker() { setTickCount(5); }

protected:
    double getTickStep(const QCPRange &range) override
    {
        const double step = QCPAxisTicker::getTickStep(range);
        m_decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 8);
        if (step > 0 && std::abs(step * std::pow(10, m_decimals) - std::round(step * std::pow(10, m_decimals))) > 1e-6)
            ++m_decimals;
        m_scientific = step > 0 && (step < 1e-6 || range.upper > 1e6);
        return step;
    }
    QString getTickLabel(double tick, const QLocale &locale, QChar, int) override
    {
        if (m_scientific)
            return errorCellText(tick);
        const QString text = locale.toString(std::abs(tick), 'f', m_decimals);
        return tick < 0 && std::abs(tick) > 1e-12 ? QChar(0x2212) + text : text;
    }

private:
    int m_decimals = 1;
    bool m_scientific = false;
};

} // namespace

struct HistogramPlot::Parts
{
    QCustomPlot *plot = nullptr;
    QCPGraph *source = nullptr, *target = nullptr;
    QCPItemStraightLine *crosshair = nullptr;
    QCPItemText *label = nullptr;
    std::optional<Histogram> sourceCounts, targetCounts;
    bool logarithmic = false;
    QSharedPointer<CountTicker> linearTicker{new CountTicker};
    QSharedPointer<LogarithmicCountTicker> logarithmicTicker{new LogarithmicCountTicker};
};

HistogramPlot::HistogramPlot(QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<Parts>())
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    d->plot = new QCustomPlot(this);
    layout->addWidget(d->plot);
    d->plot->installEventFilter(this);
    d->plot->setMouseTracking(true);
    d->plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    d->plot->setNoAntialiasingOnDrag(false);
    QCPAxisRect *area = d->plot->axisRect();
    area->setRangeDrag(Qt::Horizontal);
    area->setRangeZoom(Qt::Horizontal);
    area->setMinimumMargins(QMargins(44, 12, 16, 8));

    d->source = d->plot->addGraph();
    d->target = d->plot->addGraph();
    for (QCPGraph *graph : {d->source, d->target}) {
        graph->setLineStyle(QCPGraph::lsStepLeft);
        graph->setAdaptiveSampling(false);
    }
    d->crosshair = new QCPItemStraightLine(d->plot);
    d->label = new QCPItemText(d->plot);
    d->label->position->setTypeX(QCPItemPosition::ptPlotCoords);
    d->label->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
    d->label->setPadding(QMargins(6, 3, 6, 3));
    d->crosshair->setVisible(false);
    d->label->setVisible(false);

    d->plot->xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new ValueTicker));
    for (QCPAxis *axis : {d->plot->xAxis, d->plot->yAxis}) {
        axis->setSubTicks(false);
        axis->setTickLengthIn(0);
        axis->setTickLengthOut(0);
        axis->setTickLabelPadding(6);
    }
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Histogram"));
    setMinimumHeight(96);
    connect(d->plot, &QCustomPlot::mouseDoubleClick, this, &HistogramPlot::showAll);
    applyTheme();
    clear();
}

HistogramPlot::~HistogramPlot() = default;

void HistogramPlot::applyTheme()
{
    const Theme theme = Theme::of(palette());
    d->plot->setBufferDevicePixelRatio(devicePixelRatioF());
    d->plot->setBackground(theme.base);
    QColor fill = theme.src;
    fill.setAlphaF(theme.dark ? 0.25F : 0.20F);
    d->source->setPen(QPen(theme.src, 1));
    d->source->setBrush(fill);
    // Square joins, so that steps have corners.
    d->target->setPen(QPen(theme.tgt, 1.75, Qt::SolidLine, Qt::SquareCap, Qt::MiterJoin));
    for (QCPAxis *axis : {d->plot->xAxis, d->plot->yAxis}) {
        axis->setTickLabelFont(smallFont());
        axis->setTickLabelColor(theme.text3);
        axis->grid()->setZeroLinePen(QPen(theme.grid, 1));
        axis->grid()->setPen(QPen(theme.grid, 1));
        axis->setTickPen(Qt::NoPen);
    }
    d->plot->xAxis->setBasePen(QPen(theme.line2, 1));
    d->plot->yAxis->setBasePen(Qt::NoPen);
    d->plot->xAxis->grid()->setVisible(false);
    d->crosshair->setPen(QPen(theme.text3, 1, Qt::DashLine));
    d->label->setFont(smallFont());
    d->label->setColor(theme.text);
    d->label->setBrush(theme.raised);
    d->label->setPen(QPen(theme.line, 1));
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void HistogramPlot::setHistograms(std::optional<Histogram> source, std::optional<Histogram> target)
{
    d->sourceCounts = std::move(source);
    d->targetCounts = std::move(target);
    fill();
    describe();
    showAll();
}

void HistogramPlot::clear()
{
    setHistograms(std::nullopt, std::nullopt);
}

void HistogramPlot::fill()
{
    const auto steps = [this](QCPGraph *graph, const std::optional<Histogram> &histogram) {
        QVector<double> keys, values;
        if (histogram) {
            const double floor = d->logarithmic ? logarithmicFloor : 0;
            for (std::size_t i = 0; i < histogram->counts.size(); ++i) {
                keys << histogram->lower + static_cast<double>(i) * histogram->binWidth();
                values << std::max(floor, static_cast<double>(histogram->counts[i]));
            }
            // The last bin has a right edge as well.
            keys << histogram->upper;
            values << (values.isEmpty() ? floor : values.last());
        }
        graph->setData(keys, values, true);
    };
    steps(d->source, d->sourceCounts);
    steps(d->target, d->targetCounts);
}

void HistogramPlot::showAll()
{
    if (const Histogram *histogram = shown(d->sourceCounts, d->targetCounts))
        d->plot->xAxis->setRange(histogram->lower, histogram->upper);
    fitCounts();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void HistogramPlot::fitCounts()
{
    const double top = std::max({largestCount(d->sourceCounts), largestCount(d->targetCounts), 1.0});
    d->plot->yAxis->setScaleType(d->logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (d->logarithmic)
        d->plot->yAxis->setTicker(d->logarithmicTicker);
    else
        d->plot->yAxis->setTicker(d->linearTicker);
    d->plot->yAxis->setRange(d->logarithmic ? logarithmicFloor : 0, d->logarithmic ? top * 1.6 : top * 1.05);
    const bool any = shown(d->sourceCounts, d->targetCounts) != nullptr;
    d->plot->xAxis->setTickLabels(any);
    d->plot->yAxis->setTickLabels(any);
    d->plot->yAxis->grid()->setVisible(any);
}

void HistogramPlot::setLogarithmic(bool on)
{
    if (d->logarithmic == on)
        return;
    d->logarithmic = on;
    fill();
    fitCounts();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

bool HistogramPlot::isLogarithmic() const
{
    return d->logarithmic;
}

std::pair<double, double> HistogramPlot::visibleRange() const
{
    return {d->plot->xAxis->range().lower, d->plot->xAxis->range().upper};
}

QString HistogramPlot::csv() const
{
    const Histogram *bins = shown(d->sourceCounts, d->targetCounts);
    QString text = QStringLiteral("lower,upper");
    text += d->sourceCounts ? QStringLiteral(",source") : QString();
    text += d->targetCounts ? QStringLiteral(",target") : QString();
    text += QLatin1Char('\n');
    for (std::size_t i = 0; bins != nullptr && i < bins->counts.size(); ++i) {
        const auto edge
            = [bins](std::size_t bin) { return QString::number(bins->lower + static_cast<double>(bin) * bins->binWidth(), 'g', 9); };
        text += edge(i) + QLatin1Char(',') + edge(i + 1);
        for (const auto &series : {std::cref(d->sourceCounts), std::cref(d->targetCounts)})
            if (series.get())
                text += QLatin1Char(',') + QString::number(series.get()->counts[i]);
        text += QLatin1Char('\n');
    }
    return text;
}

void HistogramPlot::copyCsv() const
{
    QGuiApplication::clipboard()->setText(csv());
}

QString HistogramPlot::readout(double x) const
{
    const Histogram *bins = shown(d->sourceCounts, d->targetCounts);
    if (bins == nullptr || bins->counts.empty() || x < bins->lower || x > bins->upper)
        return {};
    const auto bin = std::min(static_cast<std::size_t>((x - bins->lower) / bins->binWidth()), bins->counts.size() - 1);
    QStringList parts{tr("%1 to %2").arg(numberText(bins->lower + static_cast<double>(bin) * bins->binWidth()),
                                         numberText(bins->lower + static_cast<double>(bin + 1) * bins->binWidth()))};
    if (d->sourceCounts)
        parts << tr("source %1").arg(countText(d->sourceCounts->counts[bin]));
    if (d->targetCounts)
        parts << tr("target %1").arg(countText(d->targetCounts->counts[bin]));
    return parts.join(QStringLiteral(" · "));
}

void HistogramPlot::point(const QPoint &position)
{
    const double x = d->plot->xAxis->pixelToCoord(position.x());
    const QString text = d->plot->axisRect()->rect().contains(position) ? readout(x) : QString();
    const bool visible = !text.isEmpty();
    if (visible) {
        d->crosshair->point1->setCoords(x, 0);
        d->crosshair->point2->setCoords(x, 1);
        const bool right = position.x() > d->plot->axisRect()->center().x();
        d->label->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop);
        d->label->position->setCoords(d->plot->xAxis->pixelToCoord(position.x() + (right ? -8 : 8)), 0);
        d->label->setText(text);
    }
    if (!visible && !d->label->visible())
        return;
    d->crosshair->setVisible(visible);
    d->label->setVisible(visible);
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void HistogramPlot::describe()
{
    QStringList lines;
    const auto line = [&lines](const QString &name, const std::optional<Histogram> &histogram) {
        if (!histogram || histogram->counts.empty())
            return;
        const auto peak = std::max_element(histogram->counts.begin(), histogram->counts.end());
        const auto bin = static_cast<double>(peak - histogram->counts.begin());
        lines << tr("%1: %2 bins from %3 to %4, most values near %5, %6 outside")
                     .arg(name)
                     .arg(histogram->counts.size())
                     .arg(numberText(histogram->lower), numberText(histogram->upper),
                          numberText(histogram->lower + (bin + 0.5) * histogram->binWidth()), countText(histogram->outside));
    };
    line(tr("Source"), d->sourceCounts);
    line(tr("Target"), d->targetCounts);
    setAccessibleDescription(lines.join(QStringLiteral(". ")));
}

void HistogramPlot::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        applyTheme();
    QWidget::changeEvent(event);
}

void HistogramPlot::resizeEvent(QResizeEvent *event)
{
    // A window that moved to another screen has another ratio by now.
    if (!qFuzzyCompare(d->plot->bufferDevicePixelRatio(), devicePixelRatioF()))
        d->plot->setBufferDevicePixelRatio(devicePixelRatioF());
    QWidget::resizeEvent(event);
}

void HistogramPlot::contextMenuEvent(QContextMenuEvent *event)
{
    QMenu menu(this);
    const bool any = shown(d->sourceCounts, d->targetCounts) != nullptr;
    menu.addAction(icon(QStringLiteral("copy")), tr("Copy as CSV"), this, &HistogramPlot::copyCsv)->setEnabled(any);
    menu.addAction(icon(QStringLiteral("zoom-fit")), tr("Show whole range"), this, &HistogramPlot::showAll)->setEnabled(any);
    menu.exec(event->globalPos());
}

bool HistogramPlot::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::MouseMove)
        point(static_cast<QMouseEvent *>(event)->position().toPoint());
    else if (event->type() == QEvent::Leave)
        point(QPoint(-1, -1));
    return QWidget::eventFilter(watched, event);
}

} // namespace rekey::ui
