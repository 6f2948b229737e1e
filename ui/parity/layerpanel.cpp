// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/layerpanel.h"

#include "ui/parity/parityverdict.h"
#include "ui/theme/displaytext.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/panelheader.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr std::size_t mostRules = 4, mostKeys = 3;

QString sideText(const std::vector<Pattern> &patterns)
{
    QStringList texts;
    for (const Pattern &pattern : patterns)
        texts << keyText(pattern.text());
    return texts.join(QStringLiteral(", "));
}

/// A rule in a frame: its number, what it reads, what it fills.
class RuleCard : public QWidget
{
public:
    RuleCard(std::uint32_t number, const Rule &rule)
    {
        auto *column = new QVBoxLayout(this);
        column->setContentsMargins(12, 8, 12, 8);
        column->setSpacing(2);
        auto *title = new QLabel(LayerPanel::tr("Rule %1").arg(number + 1));
        title->setFont(secondaryFont());
        title->setForegroundRole(QPalette::PlaceholderText);
        column->addWidget(title);
        const QString arrow = QStringLiteral("→ ");
        for (const QString &text : {sideText(rule.sources), arrow + sideText(rule.targets)}) {
            auto *line = new ElidedLabel(text);
            line->setFont(fixedFont());
            line->setToolTip(text);
            column->addWidget(line);
        }
        if (const QString transform = QString::fromStdString(ruleTransformText(rule)); !transform.isEmpty()) {
            auto *line = new ElidedLabel(transform);
            line->setFont(secondaryFont());
            column->addWidget(line);
        }
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        paintCard(painter, rect(), Theme::of(palette()));
    }
};

QLabel *paragraph()
{
    auto *label = new QLabel;
    label->setFont(secondaryFont());
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

/// The layer's own error (else the accumulated one), and how far that is over the tolerance.
class LayerPanel::Figures : public QWidget
{
public:
    Figures() { setFixedHeight(52); }

    void set(const QString &error, const QString &caption, const QString &times)
    {
        m_error = error;
        m_caption = caption;
        m_times = times;
        setAccessibleName(caption + QLatin1Char(' ') + error);
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        const Theme theme = Theme::of(palette());
        int x = 0;
        const auto figure = [&](const QString &value, const QString &caption) {
            const int wide
                = std::max(QFontMetrics(figureFont()).horizontalAdvance(value), QFontMetrics(secondaryFont()).horizontalAdvance(caption))
                  + 4;
            paintText(painter, QRect(x, 0, wide, 28), value, figureFont(), theme.text);
            paintText(painter, QRect(x, 28, wide, 18), caption, secondaryFont(), theme.text2);
            x += wide + 24;
        };
        figure(m_error, m_caption);
        if (!m_times.isEmpty())
            figure(m_times, LayerPanel::tr("of the tolerance"));
    }

private:
    QString m_error, m_caption, m_times;
};

LayerPanel::LayerPanel(QWidget *parent)
    : QWidget(parent)
    , m_header(new PanelHeader(tr("Layer")))
    , m_name(new ElidedLabel)
    , m_figures(new Figures)
    , m_reason(paragraph())
    , m_keys(paragraph())
    , m_go(new PageButton(PageButton::Look::Primary, {}))
{
    auto *content = new QWidget;
    content->setAutoFillBackground(true);
    content->setBackgroundRole(QPalette::Base);
    m_column = new QVBoxLayout(content);
    m_column->setContentsMargins(16, 12, 16, 12);
    m_column->setSpacing(8);
    m_name->setFont(fixedFont());
    m_keys->setForegroundRole(QPalette::PlaceholderText);
    m_column->addWidget(m_name);
    m_column->addWidget(m_figures);
    m_column->addWidget(m_reason);
    m_column->addWidget(m_keys);
    m_column->addWidget(m_go, 0, Qt::AlignLeft);
    m_column->addStretch(1);
    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(scroll, 1);
    connect(m_go, &QAbstractButton::clicked, this,
            [this] { Q_EMIT rulesAsked(m_result->layers->rows[static_cast<std::size_t>(m_row)].rules); });
    fill();
}

void LayerPanel::setLayer(const std::shared_ptr<const ParityResult> &result, int row)
{
    m_result = result && result->layers ? result : nullptr;
    m_row = m_result && row >= 0 && row < static_cast<int>(m_result->layers->rows.size()) ? row : -1;
    fill();
}

QString LayerPanel::reasonText() const
{
    const LayerParityRow &row = m_result->layers->rows[static_cast<std::size_t>(m_row)];
    if (!row.reason.empty()) {
        QString text = sentenceText(row.reason);
        text[0] = text[0].toUpper();
        return text.endsWith(QLatin1Char('.')) ? text : text + QLatin1Char('.');
    }
    switch (row.verdict) {
    case LayerVerdict::Equal: return tr("Every value is the same.");
    case LayerVerdict::WithinTolerance: return tr("The difference is rounding.");
    default: return {};
    }
}

QString LayerPanel::keysText() const
{
    const std::vector<std::string> &keys = m_result->layers->rows[static_cast<std::size_t>(m_row)].differingKeys;
    if (keys.empty())
        return {};
    QStringList lines;
    for (std::size_t i = 0; i < std::min(keys.size(), mostKeys); ++i)
        lines << keyText(keys[i]);
    if (keys.size() > mostKeys)
        lines << tr("and %1 more").arg(keys.size() - mostKeys);
    return tr("Weights that differ:") + QLatin1Char('\n') + lines.join(QLatin1Char('\n'));
}

void LayerPanel::fill()
{
    if (m_rules != nullptr) {
        m_rules->hide();
        m_rules->deleteLater();
        m_rules = nullptr;
    }
    const bool any = m_row >= 0;
    for (QWidget *part :
         {static_cast<QWidget *>(m_name), static_cast<QWidget *>(m_figures), static_cast<QWidget *>(m_keys), static_cast<QWidget *>(m_go)})
        part->setVisible(any);
    m_header->clearChip();
    if (!any) {
        m_header->setTitle(tr("Layer"));
        m_reason->setText(tr("Choose a layer in the plot or in the table to see what it computes with."));
        return;
    }
    const LayerParityRow &row = m_result->layers->rows[static_cast<std::size_t>(m_row)];
    const VerdictLook verdict = look(row.verdict);
    const bool first = m_result->layers->firstDivergence == static_cast<std::size_t>(m_row);
    m_header->setTitle(first ? tr("First divergence") : tr("Layer"));
    m_header->setChip(verdict.icon, verdict.word, verdict.status);
    m_name->setText(keyText(row.layer));
    m_name->setToolTip(keyText(row.layer));
    const std::optional<LayerError> &shown = row.isolated ? row.isolated : row.accumulated;
    m_figures->setVisible(shown.has_value());
    if (shown)
        m_figures->set(errorText(shown->error()), row.isolated ? tr("Isolated error") : tr("Accumulated error"),
                       timesText(shown->error(), m_result->layers->tolerance));
    m_reason->setText(reasonText());
    m_reason->setVisible(!m_reason->text().isEmpty());
    m_keys->setText(keysText());
    m_keys->setVisible(!m_keys->text().isEmpty());
    addRules(row.rules);
    m_go->setVisible(!row.rules.empty());
    m_go->setText(row.rules.size() == 1 ? tr("Go to rule %1").arg(row.rules.front() + 1) : tr("Go to %1 rules").arg(row.rules.size()));
    m_go->updateGeometry();
}

void LayerPanel::addRules(const std::vector<std::uint32_t> &rules)
{
    m_rules = new QWidget;
    auto *column = new QVBoxLayout(m_rules);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    const std::vector<Rule> &known = m_result->input.rules;
    for (std::size_t i = 0; i < std::min(rules.size(), mostRules); ++i)
        if (rules[i] < known.size())
            column->addWidget(new RuleCard(rules[i], known[rules[i]]));
    if (rules.size() > mostRules) {
        auto *more = new QLabel(tr("and %1 more rules").arg(rules.size() - mostRules));
        more->setFont(secondaryFont());
        more->setForegroundRole(QPalette::PlaceholderText);
        column->addWidget(more);
    }
    m_column->insertWidget(m_column->indexOf(m_go), m_rules);
}

void LayerPanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        update();
    QWidget::changeEvent(event);
}

} // namespace rekey::ui
