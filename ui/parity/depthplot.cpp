// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/depthplot.h"

#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"

#include <QClipboard>
#include <QContextMenuEvent>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/window/plotlibrary.h"

namespace rekey::ui {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
/// A press that moved less is a click.
constexpr int dragStart = 4;

/// Powers of ten on an axis of exponents; the lowest line is 0, which has no exponent.
class DecadeTicker : public QCPAxisTicker
{
public:
    void setDecades(int zero, int top)
    {
        m_zero = zero;
        m_step = top - zero > 7 ? 2 : 1;
    }

protected:
    double getTickStep(const QCPRange &) override { return m_step; }
    QString getTickLabel(double tick, const QLocale &, QChar, int) override
    {
        const int decade = static_cast<int>(std::lround(tick));
        return decade < m_zero ? QString() : decade == m_zero ? QStringLiteral("0") : powerText(decade);
    }
    QVector<double> createTickVector(double, const QCPRange &range) override
    {
        QVector<double> ticks {static_cast<double>(m_zero)};
        // From the first whole decade above 0's line, in steps that meet 1.
        for (int decade = m_zero + 1; decade <= range.upper; ++decade)
            if (decade % m_step == 0)
                ticks << decade;
        return ticks;
    }

private:
    int m_zero = -8;
    int m_step = 1;
};

} // namespace

struct DepthPlot::Parts
{
    QCustomPlot *plot = nullptr;
    QCPGraph *accumulated = nullptr, *isolated = nullptr, *ring = nullptr;
    QCPItemLine *tolerance = nullptr, *divergence = nullptr, *cursor = nullptr, *hover = nullptr;
    QCPItemText *toleranceText = nullptr, *label = nullptr;
    QList<QCPItemLine *> edges; ///< between sections
    QList<QCPItemText *> names; ///< of sections
    QSharedPointer<DecadeTicker> decades {new DecadeTicker};

    QStringList layers;
    std::vector<double> accumulatedErrors, isolatedErrors; ///< by row; NaN: none
    std::vector<ErrorOverDepth::Section> sections;
    double allowed = 0;
    int divergenceRow = -1, current = -1, hovered = -1;
    int zero = -8, top = 0;
    std::optional<QPoint> pressed;

    /// Where an error stands on the axis of exponents.
    double height(double error) const
    {
        if (std::isnan(error) || std::isinf(error))
            return top;
        return error <= 0 ? zero : std::max(std::log10(error), static_cast<double>(zero));
    }
    double errorAt(int row) const
    {
        const auto at = static_cast<std::size_t>(row);
        return std::isnan(accumulatedErrors[at]) ? isolatedErrors[at] : accumulatedErrors[at];
    }
    int rows() const { return static_cast<int>(layers.size()); }
};

DepthPlot::DepthPlot(QWidget *parent)
    : QWidget(parent)
    , d(std::make_unique<Parts>())
{
    makePlot();
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Error over depth"));
    setMinimumHeight(140);
    applyTheme();
    clear();
}

DepthPlot::~DepthPlot() = default;

void DepthPlot::makePlot()
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    QCustomPlot *plot = d->plot = new QCustomPlot(this);
    layout->addWidget(plot);
    plot->installEventFilter(this);
    plot->setFocusPolicy(Qt::NoFocus);
    plot->setMouseTracking(true);
    plot->setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    plot->setNoAntialiasingOnDrag(false);
    plot->axisRect()->setRangeDrag(Qt::Horizontal);
    plot->axisRect()->setRangeZoom(Qt::Horizontal);
    plot->axisRect()->setMinimumMargins(QMargins(52, 10, 16, 26));
    d->accumulated = plot->addGraph();
    d->isolated = plot->addGraph();
    d->ring = plot->addGraph();
    d->isolated->setLineStyle(QCPGraph::lsNone);
    d->ring->setLineStyle(QCPGraph::lsNone);
    for (QCPGraph *graph : {d->accumulated, d->isolated})
        graph->setAdaptiveSampling(false);
    for (QCPItemLine **line : {&d->tolerance, &d->divergence, &d->cursor, &d->hover})
        *line = new QCPItemLine(plot);
    d->toleranceText = new QCPItemText(plot);
    d->label = new QCPItemText(plot);
    d->label->setPadding(QMargins(6, 3, 6, 3));
    plot->yAxis->setTicker(d->decades);
    plot->xAxis->setTicks(false);
    for (QCPAxis *axis : {plot->xAxis, plot->yAxis}) {
        axis->setSubTicks(false);
        axis->setTickLengthIn(0);
        axis->setTickLengthOut(0);
        axis->setTickLabelPadding(6);
    }
    connect(plot->xAxis, qOverload<const QCPRange &>(&QCPAxis::rangeChanged), this, [this] { labelSections(); });
    connect(plot, &QCustomPlot::mouseDoubleClick, this, &DepthPlot::showAll);
}

void DepthPlot::applyTheme()
{
    const Theme theme = Theme::of(palette());
    const QColor wrong = theme.status(Status::Missing).foreground;
    d->plot->setBufferDevicePixelRatio(devicePixelRatioF());
    d->plot->setBackground(theme.base);
    d->accumulated->setPen(QPen(theme.src, 1.75, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    d->isolated->setPen(QPen(theme.tgt, 1.5));
    const bool many = d->rows() > 80;
    d->accumulated->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.src, theme.src, many ? 4 : 6));
    d->isolated->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssSquare, QPen(theme.tgt, 1.5), theme.base, many ? 5 : 7));
    for (QCPAxis *axis : {d->plot->xAxis, d->plot->yAxis}) {
        axis->setTickLabelFont(smallFont());
        axis->setTickLabelColor(theme.text3);
        axis->grid()->setPen(QPen(theme.grid, 1));
        axis->grid()->setZeroLinePen(QPen(theme.grid, 1));
        axis->setTickPen(Qt::NoPen);
        axis->setBasePen(Qt::NoPen);
    }
    d->plot->xAxis->grid()->setVisible(false);
    d->tolerance->setPen(QPen(wrong, 1, Qt::DashLine));
    d->toleranceText->setColor(wrong);
    d->toleranceText->setFont(smallFont());
    d->divergence->setPen(QPen(wrong, 1.5));
    d->ring->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssCircle, QPen(wrong, 2), Qt::NoBrush, 18));
    d->cursor->setPen(QPen(theme.accent, hasFocus() ? 2 : 1));
    d->hover->setPen(QPen(theme.text3, 1, Qt::DashLine));
    d->label->setFont(smallFont());
    d->label->setColor(theme.text);
    d->label->setBrush(theme.raised);
    d->label->setPen(QPen(theme.line, 1));
    for (QCPItemLine *edge : std::as_const(d->edges))
        edge->setPen(QPen(theme.grid, 1));
    for (QCPItemText *name : std::as_const(d->names)) {
        name->setFont(smallFont());
        name->setColor(theme.text2);
    }
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void DepthPlot::setErrors(const ErrorOverDepth &errors, const QStringList &layers, double tolerance, std::optional<std::size_t> divergence)
{
    d->layers = layers;
    d->sections = errors.sections;
    d->allowed = tolerance;
    d->divergenceRow = divergence ? static_cast<int>(*divergence) : -1;
    d->current = d->hovered = -1;
    const auto byRow = [&](const std::vector<PlotPoint> &points) {
        std::vector<double> result(static_cast<std::size_t>(layers.size()), nothing);
        for (const PlotPoint &point : points)
            if (const auto row = static_cast<std::size_t>(point.depth); row < result.size())
                result[row] = point.error;
        return result;
    };
    d->accumulatedErrors = byRow(errors.accumulated);
    d->isolatedErrors = byRow(errors.isolated);
    fill();
    applyTheme();
    showAll();
    describe();
}

void DepthPlot::clear()
{
    setErrors({}, {}, 0, std::nullopt);
}

void DepthPlot::fill()
{
    // Decades from one below the smallest error to one above the largest; the lowest line stands for 0.
    double least = d->allowed > 0 ? d->allowed : 1e-6, most = least;
    for (const std::vector<double> *errors : {&d->accumulatedErrors, &d->isolatedErrors})
        for (const double error : *errors)
            if (std::isfinite(error) && error > 0)
                least = std::min(least, error), most = std::max(most, error);
    d->zero = static_cast<int>(std::floor(std::log10(least))) - 1;
    d->top = static_cast<int>(std::ceil(std::log10(most) + 0.3));
    d->zero = std::min(d->zero, d->top - 4);
    d->decades->setDecades(d->zero, d->top);
    d->plot->yAxis->setRange(d->zero - 0.35, d->top + 0.25);

    const auto set = [this](QCPGraph *graph, const std::vector<double> &errors) {
        QVector<double> rows, heights;
        for (std::size_t i = 0; i < errors.size(); ++i) {
            if (std::isnan(errors[i]))
                continue;
            rows << static_cast<double>(i);
            heights << d->height(errors[i]);
        }
        graph->setData(rows, heights, true);
    };
    set(d->accumulated, d->accumulatedErrors);
    set(d->isolated, d->isolatedErrors);
    for (QCPItemLine *edge : std::as_const(d->edges))
        d->plot->removeItem(edge);
    for (QCPItemText *name : std::as_const(d->names))
        d->plot->removeItem(name);
    d->edges.clear();
    d->names.clear();
    for (std::size_t i = 0; i < d->sections.size(); ++i) {
        auto *name = new QCPItemText(d->plot);
        name->setClipToAxisRect(false);
        name->position->setTypeX(QCPItemPosition::ptPlotCoords);
        name->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
        name->setPositionAlignment(Qt::AlignHCenter | Qt::AlignTop);
        d->names << name;
        if (i == 0)
            continue;
        auto *edge = new QCPItemLine(d->plot);
        const double at = static_cast<double>(d->sections[i].first) - 0.5;
        edge->start->setCoords(at, d->zero - 1);
        edge->end->setCoords(at, d->top + 1);
        d->edges << edge;
    }
    place();
}

void DepthPlot::place()
{
    const double bottom = d->zero - 1, right = d->rows();
    const bool any = d->rows() > 0;
    const auto vertical = [&](QCPItemLine *line, int row, double top) {
        line->setVisible(row >= 0);
        line->start->setCoords(row, bottom);
        line->end->setCoords(row, top);
    };
    d->tolerance->setVisible(any && d->allowed > 0);
    d->toleranceText->setVisible(any && d->allowed > 0);
    if (d->allowed > 0) {
        const double at = std::log10(d->allowed);
        d->tolerance->start->setCoords(-1, at);
        d->tolerance->end->setCoords(right, at);
        d->toleranceText->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        d->toleranceText->position->setTypeY(QCPItemPosition::ptPlotCoords);
        // At the left, unless the readout of a layer is there.
        const bool atRight = d->hovered >= 0 && 2 * d->hovered < d->rows();
        d->toleranceText->position->setCoords(atRight ? 1 : 0, at);
        d->toleranceText->setPositionAlignment((atRight ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignBottom);
        d->toleranceText->setPadding(QMargins(4, 0, 4, 2));
        d->toleranceText->setText(tr("tolerance %1").arg(toleranceText(d->allowed)));
    }
    if (d->divergenceRow >= 0) {
        const double height = d->height(d->errorAt(d->divergenceRow));
        vertical(d->divergence, d->divergenceRow, height);
        d->ring->setData({static_cast<double>(d->divergenceRow)}, {height}, true);
    } else {
        d->divergence->setVisible(false);
        d->ring->setData({}, {}, true);
    }
    vertical(d->cursor, d->current, d->top + 1);
    vertical(d->hover, d->hovered, d->top + 1);
    d->label->setVisible(d->hovered >= 0);
    d->plot->yAxis->setTickLabels(any);
    d->plot->yAxis->grid()->setVisible(any);
}

void DepthPlot::labelSections()
{
    // Names stand in the middle of what is seen of their section, and go where there is no room for them.
    const QCPRange seen = d->plot->xAxis->range();
    const QFontMetrics metrics(smallFont());
    for (qsizetype i = 0; i < d->names.size(); ++i) {
        const ErrorOverDepth::Section &section = d->sections[static_cast<std::size_t>(i)];
        const double first = std::max(static_cast<double>(section.first) - 0.5, seen.lower);
        const double last = std::min(static_cast<double>(section.last) + 0.5, seen.upper);
        const double room = d->plot->xAxis->coordToPixel(last) - d->plot->xAxis->coordToPixel(first);
        const QString whole = QString::fromStdString(section.name);
        const QString text = metrics.elidedText(whole, Qt::ElideRight, static_cast<int>(room) - 8);
        d->names[i]->setVisible(last > first && room > 24);
        d->names[i]->setText(text);
        d->names[i]->position->setCoords((first + last) / 2, 1.02);
    }
    place();
}

void DepthPlot::showAll()
{
    d->plot->xAxis->setRange(-0.7, std::max(0, d->rows() - 1) + 0.7);
    labelSections();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void DepthPlot::setCurrent(int row)
{
    if (row == d->current || row >= d->rows())
        return;
    d->current = row;
    if (row >= 0 && !d->plot->xAxis->range().contains(row)) {
        const double half = d->plot->xAxis->range().size() / 2;
        d->plot->xAxis->setRange(row - half, row + half);
    }
    place();
    describe();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

int DepthPlot::current() const
{
    return d->current;
}

QString DepthPlot::readout(int row) const
{
    if (row < 0 || row >= d->rows())
        return {};
    QStringList parts {d->layers[row]};
    const auto at = static_cast<std::size_t>(row);
    if (!std::isnan(d->accumulatedErrors[at]))
        parts << tr("accumulated %1").arg(errorCellText(d->accumulatedErrors[at]));
    if (!std::isnan(d->isolatedErrors[at]))
        parts << tr("isolated %1").arg(errorCellText(d->isolatedErrors[at]));
    if (parts.size() == 1)
        parts << tr("not compared");
    return parts.join(QStringLiteral(" · "));
}

int DepthPlot::rowAt(const QPoint &position) const
{
    if (d->rows() == 0 || !d->plot->axisRect()->rect().contains(position))
        return -1;
    const int row = static_cast<int>(std::lround(d->plot->xAxis->pixelToCoord(position.x())));
    return std::clamp(row, 0, d->rows() - 1);
}

QPoint DepthPlot::positionOf(int row) const
{
    return {static_cast<int>(d->plot->xAxis->coordToPixel(row)),
            static_cast<int>(d->plot->yAxis->coordToPixel(d->height(d->errorAt(row))))};
}

void DepthPlot::point(const QPoint &position)
{
    const int row = rowAt(position);
    if (row == d->hovered)
        return;
    d->hovered = row;
    if (row >= 0) {
        const bool right = position.x() > d->plot->axisRect()->center().x();
        const double x = d->plot->xAxis->coordToPixel(row) + (right ? -8 : 8);
        d->label->setText(readout(row));
        d->label->setPositionAlignment((right ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignTop);
        d->label->position->setPixelPosition(QPointF(x, d->plot->axisRect()->top() + 2));
    }
    place();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

QString DepthPlot::csv() const
{
    QString text = QStringLiteral("layer,accumulated,isolated\n");
    const auto number = [](double error) { return std::isnan(error) ? QString() : QString::number(error, 'g', 9); };
    for (int row = 0; row < d->rows(); ++row) {
        const auto at = static_cast<std::size_t>(row);
        text += d->layers[row] + QLatin1Char(',') + number(d->accumulatedErrors[at]) + QLatin1Char(',') + number(d->isolatedErrors[at])
                + QLatin1Char('\n');
    }
    return text;
}

void DepthPlot::copyCsv() const
{
    QGuiApplication::clipboard()->setText(csv());
}

void DepthPlot::describe()
{
    if (d->rows() == 0)
        return setAccessibleDescription(tr("Nothing was compared yet"));
    QStringList lines {tr("%1 layers").arg(countText(static_cast<quint64>(d->rows())))};
    if (d->divergenceRow >= 0)
        lines << tr("they part at %1").arg(readout(d->divergenceRow));
    if (d->current >= 0)
        lines << tr("chosen: %1").arg(readout(d->current));
    setAccessibleDescription(lines.join(QStringLiteral("; ")));
}

void DepthPlot::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)
        applyTheme();
    QWidget::changeEvent(event);
}

void DepthPlot::contextMenuEvent(QContextMenuEvent *event)
{
    QMenu menu(this);
    menu.addAction(icon(QStringLiteral("copy")), tr("Copy as CSV"), this, &DepthPlot::copyCsv)->setEnabled(d->rows() > 0);
    menu.addAction(icon(QStringLiteral("zoom-fit")), tr("Show all layers"), this, &DepthPlot::showAll)->setEnabled(d->rows() > 0);
    menu.exec(event->globalPos());
}

void DepthPlot::keyPressEvent(QKeyEvent *event)
{
    const int step = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    const int end = event->key() == Qt::Key_Home ? 0 : event->key() == Qt::Key_End ? d->rows() - 1 : -1;
    if (d->rows() == 0 || (step == 0 && end < 0))
        return QWidget::keyPressEvent(event);
    Q_EMIT chosen(end >= 0 ? end : std::clamp(d->current + step, 0, d->rows() - 1));
}

void DepthPlot::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    applyTheme();
}

void DepthPlot::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    applyTheme();
}

void DepthPlot::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    // A window that moved to another screen has another ratio by now.
    if (!qFuzzyCompare(d->plot->bufferDevicePixelRatio(), devicePixelRatioF()))
        d->plot->setBufferDevicePixelRatio(devicePixelRatioF());
    // The plot lays itself out when it is drawn; what is placed by pixels follows.
    d->plot->replot(QCustomPlot::rpImmediateRefresh);
    labelSections();
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void DepthPlot::onMouse(const QMouseEvent &mouse)
{
    const QPoint at = mouse.position().toPoint();
    if (mouse.type() == QEvent::MouseMove) {
        point(at);
    } else if (mouse.type() == QEvent::MouseButtonPress && mouse.button() == Qt::LeftButton) {
        d->pressed = at;
        setFocus(Qt::MouseFocusReason);
    } else if (mouse.type() == QEvent::MouseButtonRelease && d->pressed) {
        const QPoint from = *std::exchange(d->pressed, std::nullopt);
        if (const int row = rowAt(at); row >= 0 && (at - from).manhattanLength() <= dragStart)
            Q_EMIT chosen(row);
    }
}

bool DepthPlot::eventFilter(QObject *watched, QEvent *event)
{
    switch (event->type()) {
    case QEvent::MouseMove:
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonRelease: onMouse(*static_cast<QMouseEvent *>(event)); break;
    case QEvent::Leave: point(QPoint(-1, -1)); break;
    default: break;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace rekey::ui
