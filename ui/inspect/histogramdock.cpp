// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/histogramdock.h"

#include "ui/inspect/histogramplot.h"
#include "ui/inspect/statisticstable.h"
#include "ui/inspect/tensorcard.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/segmentedswitch.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QStackedWidget>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int cardWidth = 328;
constexpr int sideWidth = 376;

QLabel *label(const QFont &font, QWidget *parent)
{
    auto *result = new ElidedLabel(parent);
    result->setFont(font);
    return result;
}

} // namespace

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
    m_card = new TensorCard;
    m_card->setFixedWidth(cardWidth);
    row->addWidget(m_card);
    m_plot = new HistogramPlot(page);
    row->addWidget(m_plot, 1);
    row->addWidget(makeSide());
    m_stack->addWidget(page);

    connect(&m_session, &Session::selectionChanged, this, &HistogramDock::follow);
    connect(&m_session, &Session::opened, this, &HistogramDock::follow);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, &HistogramDock::follow);
    connect(m_scale, &SegmentedSwitch::currentChanged, this, [this](int index) { m_plot->setLogarithmic(index == 1); });
    connect(m_card, &TensorCard::otherCandidateAsked, this, [this] { showCandidate((m_candidate + 1) % std::max(1, m_candidates)); });
    applyTheme();
    follow();
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
    m_scale = new SegmentedSwitch(
        {{tr("Linear"), {}, tr("Counts on a linear scale")}, {tr("Log"), {}, tr("Counts on a logarithmic scale")}}, side);
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
    ink(m_binsText, theme.text2);
    ink(m_emptyText, theme.text2);
    ink(m_emptyTitle, theme.text);
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
        [source, target, s = m_source, t = m_target, candidate](const Progress &progress) {
            return readHistograms(source, target, s, t, candidate, progress);
        },
        [this](const HistogramReading &reading) { showReading(reading); });
}

void HistogramDock::showNothing(const QString &title, const QString &text)
{
    m_emptyTitle->setText(title);
    m_emptyText->setText(text);
    m_plot->clear();
    m_stack->setCurrentIndex(0);
    update();
}

void HistogramDock::showReading(const HistogramReading &reading)
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

void HistogramDock::updateCard(const HistogramReading &reading)
{
    const auto entry = [this](Side side, std::uint32_t tensor) -> const TensorEntry * {
        const CheckpointPtr checkpoint = m_session.checkpoint(side);
        return checkpoint && tensor < checkpoint->tensors().size() ? &checkpoint->tensors()[tensor] : nullptr;
    };
    const TensorEntry *source = entry(Side::Source, reading.source.tensor), *target = entry(Side::Target, reading.target.tensor);
    if (source != nullptr || target != nullptr)
        m_card->setTensors(source, target);
    m_card->setCandidate(m_candidate, m_candidates);
}

void HistogramDock::updateTable(const HistogramReading &reading)
{
    const auto &a = reading.source.statistics, &b = reading.target.statistics;
    const auto number = [&](const QString &title, auto value) {
        const QString nothing = QStringLiteral("–");
        return StatisticsTable::Row {title,
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
        return StatisticsTable::Row {title, {a ? countText(value(*a)) : nothing, b ? countText(value(*b)) : nothing, difference}};
    };
    m_table->setRows({number(tr("Minimum"), [](const Statistics &s) { return s.minimum; }),
                      number(tr("Maximum"), [](const Statistics &s) { return s.maximum; }),
                      number(tr("Mean"), [](const Statistics &s) { return s.mean; }),
                      number(tr("Std deviation"), [](const Statistics &s) { return s.standardDeviation(); }),
                      count(tr("NaN or infinite"), [](const Statistics &s) { return s.nans + s.infinities; })});
    std::uint64_t outside = 0;
    for (const auto &series : {reading.source.histogram, reading.target.histogram})
        outside += series ? series->outside : 0;
    m_binsText->setText(tr("%1 bins · %2 values outside").arg(HistogramReading::bins).arg(countText(outside)));
}

} // namespace rekey::ui
