// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/histogramdock.h"

#include "core/base/error.h"
#include "ui/inspect/histogramplot.h"
#include "ui/inspect/statisticstable.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QStackedWidget>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr std::size_t bins = 72;
constexpr int cardWidth = 328;
constexpr int sideWidth = 376;

bool readable(const CheckpointPtr &checkpoint, std::uint32_t tensor)
{
    return checkpoint && checkpoint->hasValues() && tensor < checkpoint->tensors().size()
        && isDecodable(checkpoint->tensors()[tensor].dtype) && checkpoint->tensors()[tensor].elements() > 0;
}

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

} // namespace

struct HistogramDock::Reading
{
    struct Series
    {
        std::uint32_t tensor = none;
        std::optional<Statistics> statistics;
        std::optional<Histogram> histogram;
        QString error;
    };
    Series source, target;
};

HistogramDock::HistogramDock(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_stack(new QStackedWidget(this))
{
    setAccessibleName(tr("Histogram"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);

    auto *empty = new QWidget;
    auto *emptyLayout = new QVBoxLayout(empty);
    emptyLayout->addStretch();
    m_emptyTitle = new QLabel(empty);
    m_emptyText = new QLabel(empty);
    m_emptyTitle->setFont(headerFont());
    m_emptyText->setFont(secondaryFont());
    m_emptyText->setWordWrap(true);
    for (QLabel *line : {m_emptyTitle, m_emptyText}) {
        line->setAlignment(Qt::AlignCenter);
        emptyLayout->addWidget(line);
    }
    emptyLayout->addStretch();
    m_stack->addWidget(empty);

    auto *page = new QWidget;
    auto *row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(makeCard());
    m_plot = new HistogramPlot(page);
    row->addWidget(m_plot, 1);
    row->addWidget(makeSide());
    m_stack->addWidget(page);

    connect(&m_session, &Session::selectionChanged, this, &HistogramDock::follow);
    connect(&m_session, &Session::opened, this, &HistogramDock::follow);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, &HistogramDock::follow);
    connect(m_scale, &SegmentedSwitch::currentChanged, this, [this](int index) { m_plot->setLogarithmic(index == 1); });
    connect(m_otherCandidate, &QAbstractButton::clicked, this, [this] { showCandidate((m_candidate + 1) % std::max(1, m_candidates)); });
    applyTheme();
    follow();
}

QWidget *HistogramDock::makeCard()
{
    auto *card = new QWidget;
    card->setFixedWidth(cardWidth);
    auto *layout = new QVBoxLayout(card);
    layout->setContentsMargins(12, 12, 12, 12);
    layout->setSpacing(8);
    m_title = label(headerFont(), card);
    layout->addWidget(m_title);

    const auto series = [&](QLabel *&mark, QLabel *&name, QLabel *&facts, const QString &side) {
        auto *row = new QWidget(card);
        auto *grid = new QGridLayout(row);
        grid->setContentsMargins(0, 0, 0, 0);
        grid->setHorizontalSpacing(8);
        grid->setVerticalSpacing(0);
        mark = new QLabel(row);
        mark->setFixedSize(12, 16);
        name = label(fixedFont(), row);
        facts = label(secondaryFont(), row);
        grid->addWidget(mark, 0, 0);
        auto *sideName = new QLabel(side, row);
        sideName->setFont(secondaryFont());
        grid->addWidget(sideName, 0, 1);
        grid->addWidget(name, 0, 2);
        grid->addWidget(facts, 1, 1, 1, 2);
        grid->setColumnStretch(2, 1);
        layout->addWidget(row);
        return row;
    };
    m_sourceRow = series(m_sourceMark, m_sourceName, m_sourceFacts, tr("Source"));
    m_targetRow = series(m_targetMark, m_targetName, m_targetFacts, tr("Target"));

    m_reviewRow = new QWidget(card);
    auto *review = new QHBoxLayout(m_reviewRow);
    review->setContentsMargins(0, 0, 0, 0);
    review->setSpacing(6);
    m_reviewIcon = new QLabel(m_reviewRow);
    m_reviewText = new QLabel(m_reviewRow);
    m_reviewText->setFont(secondaryFont());
    m_otherCandidate = new PageButton(PageButton::Look::Link, {}, {}, m_reviewRow);
    review->addWidget(m_reviewIcon);
    review->addWidget(m_reviewText, 1);
    review->addWidget(m_otherCandidate);
    layout->addWidget(m_reviewRow);
    layout->addStretch();
    return card;
}

QWidget *HistogramDock::makeSide()
{
    auto *side = new QWidget;
    side->setFixedWidth(sideWidth);
    auto *layout = new QVBoxLayout(side);
    layout->setContentsMargins(16, 8, 16, 8);
    layout->setSpacing(4);
    m_table = new StatisticsTable({{tr("Source"), ColumnInk::Source, ColumnInk::Text},
                                   {tr("Target"), ColumnInk::Target, ColumnInk::Text},
                                   {tr("Difference"), ColumnInk::Quiet, ColumnInk::Quiet}},
                                  side);
    m_table->setAccessibleName(tr("Statistics"));
    layout->addWidget(m_table);
    auto *foot = new QHBoxLayout;
    foot->setSpacing(8);
    m_scale = new SegmentedSwitch({{tr("Linear"), {}, tr("Counts on a linear scale")}, {tr("Log"), {}, tr("Counts on a logarithmic scale")}}, side);
    m_scale->setSmall(true);
    m_scale->setAccessibleName(tr("Scale of the counts"));
    m_binsText = label(secondaryFont(), side);
    foot->addWidget(m_scale);
    foot->addWidget(m_binsText, 1);
    layout->addLayout(foot);
    layout->addStretch();
    return side;
}

void HistogramDock::applyTheme()
{
    const Theme theme = Theme::of(palette());
    const auto ink = [](QLabel *target, const QColor &colour) {
        QPalette changed = target->palette();
        changed.setColor(QPalette::WindowText, colour);
        target->setPalette(changed);
    };
    for (QLabel *quiet : {m_sourceFacts, m_targetFacts, m_binsText, m_emptyText})
        ink(quiet, theme.text2);
    for (QLabel *plain : {m_title, m_sourceName, m_targetName, m_emptyTitle})
        ink(plain, theme.text);
    const QColor review = theme.status(Status::ToReview).foreground;
    ink(m_reviewText, review);
    m_reviewIcon->setPixmap(iconPixmap(statusIcon(Status::ToReview), 14, devicePixelRatioF(), review));

    // The card is the legend: a filled square for the source, a line for the target, as in the plot.
    const qreal ratio = devicePixelRatioF();
    QPixmap square(QSize(12, 16) * ratio), line(QSize(12, 16) * ratio);
    for (QPixmap *mark : {&square, &line}) {
        mark->setDevicePixelRatio(ratio);
        mark->fill(Qt::transparent);
    }
    QPainter(&square).fillRect(QRectF(0, 2, 12, 12), theme.src);
    QPainter(&square).fillRect(QRectF(1, 3, 10, 10), theme.srcFill);
    QPainter(&line).fillRect(QRectF(0, 7, 12, 2), theme.tgt);
    m_sourceMark->setPixmap(square);
    m_targetMark->setPixmap(line);
}

void HistogramDock::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        applyTheme();
    QWidget::changeEvent(event);
}

void HistogramDock::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Theme theme = Theme::of(palette());
    painter.fillRect(rect(), theme.base);
    if (m_stack->currentIndex() == 0)
        return;
    const qreal hairline = 1.0 / devicePixelRatioF();
    painter.fillRect(QRectF(cardWidth - 1, 0, hairline, height()), theme.line);
    painter.fillRect(QRectF(width() - sideWidth, 0, hairline, height()), theme.line);
}

void HistogramDock::showCandidate(int index)
{
    if (index == m_candidate || index < 0 || index >= m_candidates)
        return;
    m_candidate = index;
    start();
    Q_EMIT candidateShown(index);
}

void HistogramDock::follow()
{
    const Selection &selection = m_session.selection();
    if (selection.rule != m_rule)
        m_candidate = 0;
    m_rule = selection.rule;
    m_source = selection.source.empty() ? none : selection.source.front();
    m_target = selection.target.empty() ? none : selection.target.front();
    const auto &rules = m_session.document().mapping().rules;
    const bool review = m_rule < rules.size() && rules[m_rule].state == RuleState::ToReview;
    m_candidates = review ? static_cast<int>(rules[m_rule].candidates.size()) : 0;
    m_candidate = std::min(m_candidate, std::max(0, m_candidates - 1));
    start();
}

void HistogramDock::start()
{
    if (!m_session.checkpoint(Side::Source) && !m_session.checkpoint(Side::Target))
        return showNothing(tr("Nothing is open"), tr("The values of the selected tensors appear here."));
    if (m_source == none && m_target == none)
        return showNothing(tr("No tensor is selected"), tr("Select a key or a rule to see its values, source over target."));

    std::optional<Rule> candidate;
    if (m_candidates > 0) {
        const Rule &rule = m_session.document().mapping().rules[m_rule];
        const Candidate &answer = rule.candidates[static_cast<std::size_t>(m_candidate)];
        candidate = rule;
        candidate->sources = answer.sources;
        candidate->targets = answer.targets;
        candidate->transform = answer.transform;
    }
    const CheckpointPtr source = m_session.checkpoint(Side::Source), target = m_session.checkpoint(Side::Target);
    m_session.jobs().start(
        this, QStringLiteral("histogram"), tr("Counting values"),
        [source, target, s = m_source, t = m_target, candidate](const Progress &progress) { return read(source, target, s, t, candidate, progress); },
        [this](const Reading &reading) { showReading(reading); });
}

HistogramDock::Reading HistogramDock::read(const CheckpointPtr &source, const CheckpointPtr &target, std::uint32_t sourceTensor,
                                           std::uint32_t targetTensor, const std::optional<Rule> &candidate, const Progress &progress)
{
    Reading reading;
    reading.source.tensor = sourceTensor;
    reading.target.tensor = targetTensor;
    if (candidate && source && target) {
        // What this answer would pair with the selected tensor.
        Mapping mapping;
        mapping.rules = {*candidate};
        for (const Assignment &assignment : resolve(mapping, source->schema(), target->schema()).assignments) {
            const bool hit = std::find(assignment.sources.begin(), assignment.sources.end(), sourceTensor) != assignment.sources.end();
            if ((!hit && sourceTensor != none) || assignment.targets.empty() || assignment.sources.empty())
                continue;
            reading.source.tensor = hit ? sourceTensor : assignment.sources.front();
            reading.target.tensor = assignment.targets.front();
            break;
        }
    }
    const auto ready = [](const CheckpointPtr &checkpoint, Reading::Series &series, const Progress &part) -> std::optional<ValueRange> {
        if (!readable(checkpoint, series.tensor))
            return std::nullopt;
        try {
            series.statistics = statistics(*checkpoint, series.tensor, part);
            return series.statistics->finite > 0 ? std::optional(displayRange(*checkpoint, series.tensor)) : std::nullopt;
        } catch (const Cancelled &) {
            throw;
        } catch (const std::exception &error) {
            series.error = QString::fromUtf8(error.what());
            return std::nullopt;
        }
    };
    const auto a = ready(source, reading.source, progress.part(0, 0.3)), b = ready(target, reading.target, progress.part(0.3, 0.6));
    if (!a && !b)
        return reading;
    const ValueRange range = a && b ? united(*a, *b) : a ? *a : *b;
    if (a)
        reading.source.histogram = histogram(*source, reading.source.tensor, range.lower, range.upper, bins, progress.part(0.6, 0.8));
    if (b)
        reading.target.histogram = histogram(*target, reading.target.tensor, range.lower, range.upper, bins, progress.part(0.8, 1));
    return reading;
}

void HistogramDock::showNothing(const QString &title, const QString &text)
{
    m_emptyTitle->setText(title);
    m_emptyText->setText(text);
    m_plot->clear();
    m_stack->setCurrentIndex(0);
    update();
}

void HistogramDock::showReading(const Reading &reading)
{
    for (const auto &series : {reading.source, reading.target})
        if (!series.error.isEmpty() && !series.statistics)
            return showNothing(tr("These values cannot be read"), series.error);
    if (!reading.source.histogram && !reading.target.histogram) {
        const bool schema = !reading.source.statistics && !reading.target.statistics;
        return showNothing(schema ? tr("No values here") : tr("No finite value here"),
                           schema ? tr("A schema holds names, shapes and types only; an empty tensor has nothing to count.")
                                  : tr("Every value of this tensor is NaN or infinite."));
    }
    updateCard(reading);
    updateTable(reading);
    m_plot->setHistograms(reading.source.histogram, reading.target.histogram);
    m_stack->setCurrentIndex(1);
    update();
}

void HistogramDock::updateCard(const Reading &reading)
{
    const auto entry = [this](Side side, std::uint32_t tensor) -> const TensorEntry * {
        const CheckpointPtr checkpoint = m_session.checkpoint(side);
        return checkpoint && tensor < checkpoint->tensors().size() ? &checkpoint->tensors()[tensor] : nullptr;
    };
    const TensorEntry *source = entry(Side::Source, reading.source.tensor), *target = entry(Side::Target, reading.target.tensor);
    std::size_t prefix = 0;
    if (source != nullptr && target != nullptr)
        prefix = commonPrefix(source->key, target->key);
    const std::string &key = source != nullptr ? source->key : target->key;
    m_title->setText(prefix > 0 ? lastSegment(key.substr(0, prefix - 1)) : lastSegment(key.substr(0, key.rfind('.'))));

    const auto fill = [prefix](QWidget *row, QLabel *name, QLabel *facts, const TensorEntry *tensor) {
        row->setVisible(tensor != nullptr);
        if (tensor == nullptr)
            return;
        name->setText(keyText(tensor->key.substr(prefix)));
        name->setToolTip(keyText(tensor->key));
        facts->setText(tr("%1 · %2 · %3 values · %4")
                           .arg(QString::fromLatin1(rekey::name(tensor->dtype).data(), static_cast<qsizetype>(rekey::name(tensor->dtype).size())),
                                shapeText(tensor->shape), countText(tensor->elements()), bytesText(tensor->bytes())));
    };
    fill(m_sourceRow, m_sourceName, m_sourceFacts, source);
    fill(m_targetRow, m_targetName, m_targetFacts, target);
    m_reviewRow->setVisible(m_candidates > 1);
    m_reviewText->setText(tr("Candidate %1 of %2 shown").arg(m_candidate + 1).arg(m_candidates));
    m_otherCandidate->setText(tr("Show candidate %1").arg((m_candidate + 1) % std::max(1, m_candidates) + 1));
    m_otherCandidate->updateGeometry();
}

void HistogramDock::updateTable(const Reading &reading)
{
    const auto &a = reading.source.statistics, &b = reading.target.statistics;
    const auto number = [&](const QString &title, auto value) {
        const QString nothing = QStringLiteral("–");
        return StatisticsTable::Row{title,
                                    {a ? numberText(value(*a)) : nothing, b ? numberText(value(*b)) : nothing,
                                     a && b ? numberText(value(*b) - value(*a)) : nothing}};
    };
    const auto count = [&](const QString &title, auto value) {
        const QString nothing = QStringLiteral("–");
        QString difference = nothing;
        if (a && b) {
            const auto delta = static_cast<qint64>(value(*b)) - static_cast<qint64>(value(*a));
            difference = (delta < 0 ? QString(QChar(0x2212)) : QString()) + countText(static_cast<quint64>(std::abs(delta)));
        }
        return StatisticsTable::Row{title, {a ? countText(value(*a)) : nothing, b ? countText(value(*b)) : nothing, difference}};
    };
    m_table->setRows({number(tr("Minimum"), [](const Statistics &s) { return s.minimum; }),
                      number(tr("Maximum"), [](const Statistics &s) { return s.maximum; }),
                      number(tr("Mean"), [](const Statistics &s) { return s.mean; }),
                      number(tr("Std deviation"), [](const Statistics &s) { return s.standardDeviation(); }),
                      count(tr("NaN or infinite"), [](const Statistics &s) { return s.nans + s.infinities; })});
    std::uint64_t outside = 0;
    for (const auto &series : {reading.source.histogram, reading.target.histogram})
        outside += series ? series->outside : 0;
    m_binsText->setText(tr("%1 bins · %2 values outside").arg(bins).arg(countText(outside)));
}

} // namespace rekey::ui
