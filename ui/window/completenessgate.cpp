// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/completenessgate.h"

#include "ui/document/ruleedits.h"
#include "ui/theme/displaytext.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QEvent>
#include <QFrame>
#include <QLabel>

#include <map>

namespace rekey::ui {

namespace {

constexpr int rowHeight = 48;

QString firstKey(const Schema &schema, const std::function<bool(std::uint32_t)> &is)
{
    for (std::uint32_t i = 0; i < schema.tensors.size(); ++i) {
        if (is(i))
            return keyText(schema.tensors[i].key);
    }
    return {};
}

PageButton *fixButton(const QString &text)
{
    auto *button = new PageButton(PageButton::Look::Outlined, text);
    button->setSmall(true);
    return button;
}

} // namespace

std::optional<DType> mainDtype(const Schema &schema)
{
    std::map<DType, std::uint64_t> values;
    for (const SchemaTensor &tensor : schema.tensors) {
        if (info(tensor.dtype).kind == DTypeKind::Float)
            values[tensor.dtype] += elementCount(tensor.shape) + 1;
    }
    if (values.empty())
        return std::nullopt;
    return std::max_element(values.begin(), values.end(), [](const auto &a, const auto &b) { return a.second < b.second; })->first;
}

QString dtypeName(DType dtype)
{
    const std::string_view text = name(dtype);
    return QString::fromLatin1(text.data(), static_cast<qsizetype>(text.size()));
}

CompletenessGate::CompletenessGate(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_edits(new RuleEdits(session, this))
    , m_header(new PanelHeader(tr("Ready to convert?")))
    , m_rows(new QVBoxLayout)
    , m_anywayRow(new QWidget)
    , m_anyway(new QCheckBox(tr("Convert anyway; keep the target’s own values for open keys")))
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_rows->setSpacing(0);
    auto *note = new QLabel(tr("Recorded in the mapping, the report and the file’s metadata"));
    note->setFont(secondaryFont());
    note->setForegroundRole(QPalette::PlaceholderText);
    note->setContentsMargins(24, 0, 0, 0);
    auto *anyway = new QVBoxLayout(m_anywayRow);
    anyway->setContentsMargins(12, 10, 12, 12);
    anyway->setSpacing(0);
    anyway->addWidget(m_anyway);
    anyway->addWidget(note);
    connect(m_anyway, &QCheckBox::toggled, this, &CompletenessGate::changed);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addLayout(m_rows);
    column->addWidget(m_anywayRow);
    column->addStretch(1);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &CompletenessGate::list);
    list();
}

bool CompletenessGate::isComplete() const
{
    const auto resolution = m_session.document().resolution();
    return resolution && resolution->complete();
}

bool CompletenessGate::isOverridden() const
{
    return m_anyway->isChecked() && m_session.document().resolution() && !isComplete();
}

void CompletenessGate::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        list();
    QWidget::changeEvent(event);
}

void CompletenessGate::addRow(const QString &iconName, const QColor &colour, const QString &title, const QString &text, QWidget *fix)
{
    auto *row = new QWidget;
    row->setFixedHeight(rowHeight);
    auto *glyph = new QLabel;
    glyph->setPixmap(iconPixmap(iconName, 16, devicePixelRatioF(), colour));
    auto *detail = new ElidedLabel(text);
    detail->setFont(secondaryFont());
    detail->setForegroundRole(QPalette::PlaceholderText);
    auto *texts = new QVBoxLayout;
    texts->setSpacing(0);
    texts->addStretch(1);
    texts->addWidget(new QLabel(title));
    texts->addWidget(detail);
    texts->addStretch(1);
    auto *inner = new QHBoxLayout(row);
    inner->setContentsMargins(12, 0, 12, 0);
    inner->setSpacing(12);
    inner->addWidget(glyph);
    inner->addLayout(texts, 1);
    if (fix != nullptr)
        inner->addWidget(fix);
    auto *line = new QFrame;
    line->setFixedHeight(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    m_rows->addWidget(row);
    m_rows->addWidget(line);
}

void CompletenessGate::list()
{
    while (QLayoutItem *item = m_rows->takeAt(0)) {
        if (item->widget() != nullptr)
            item->widget()->deleteLater();
        delete item;
    }
    const auto resolution = m_session.document().resolution();
    if (!resolution || !m_session.document().source() || !m_session.document().target())
        return;
    const Theme theme = Theme::of(palette());
    const bool stopped = listStops();
    const std::size_t filled = resolution->count(TargetStatus::Filled), initialised = resolution->count(TargetStatus::Initialised);
    std::size_t proven = 0;
    for (const TargetOutcome &outcome : resolution->targets) {
        const auto &rules = m_session.document().resolvedMapping()->rules;
        if (outcome.status == TargetStatus::Filled && outcome.rule < rules.size() && rules[outcome.rule].state == RuleState::Proven)
            ++proven;
    }
    QString filledText = proven > 0 ? tr("%1 proven by value, %2 suggested or accepted").arg(countText(proven), countText(filled - proven))
                                    : tr("All suggested or accepted");
    if (initialised > 0)
        filledText += tr("; %1 more initialised").arg(countText(initialised));
    addRow(statusIcon(Status::Filled), theme.status(Status::Filled).foreground,
           tr("%1 of %2 filled").arg(countText(filled), countText(resolution->targets.size())), filledText);
    if (resolution->count(TargetStatus::Mismatched) + resolution->count(TargetStatus::Conflicting) == 0)
        addRow(QStringLiteral("check"), theme.status(Status::Proven).foreground, tr("No mismatch, no conflict"),
               tr("All shapes agree after the transforms"));
    listUnused();
    listPrecision();
    m_anywayRow->setVisible(stopped);
    Q_EMIT changed();
}

bool CompletenessGate::listStops()
{
    const auto resolution = m_session.document().resolution();
    const auto target = m_session.document().target();
    const Theme theme = Theme::of(palette());
    int stops = 0;
    const auto stop = [&](TargetStatus outcome, Status status, const QString &title, const QString &fix) {
        const std::size_t count = resolution->count(outcome);
        if (count == 0)
            return;
        ++stops;
        PageButton *button = fixButton(fix);
        connect(button, &QAbstractButton::clicked, this, [this, status] {
            if (status == Status::ToReview)
                Q_EMIT reviewAsked();
            else
                Q_EMIT showAsked(status);
        });
        const QString first = firstKey(*target, [&](std::uint32_t i) { return resolution->targets[i].status == outcome; });
        addRow(statusIcon(status), theme.status(status).foreground, title.arg(countText(count)),
               count > 1 ? tr("%1 and %2 more").arg(first).arg(count - 1) : first, button);
    };
    const auto keys = [&](TargetStatus outcome, const QString &one, const QString &many) {
        return resolution->count(outcome) == 1 ? one : many;
    };
    stop(TargetStatus::ToReview, Status::ToReview, keys(TargetStatus::ToReview, tr("%1 key to review"), tr("%1 keys to review")),
         tr("Choose…"));
    stop(TargetStatus::Missing, Status::Missing, keys(TargetStatus::Missing, tr("%1 missing key"), tr("%1 missing keys")), tr("Show"));
    stop(TargetStatus::Mismatched, Status::Mismatched, keys(TargetStatus::Mismatched, tr("%1 mismatched key"), tr("%1 mismatched keys")),
         tr("Show"));
    stop(TargetStatus::Conflicting, Status::Conflicting,
         keys(TargetStatus::Conflicting, tr("%1 conflicting key"), tr("%1 conflicting keys")), tr("Show"));
    if (stops > 0)
        m_header->setChip(QStringLiteral("error"), stops == 1 ? tr("1 thing stops it") : tr("%1 things stop it").arg(stops),
                          Status::Missing);
    else
        m_header->setChip(QStringLiteral("check"), tr("Ready"), Status::Proven);
    return stops > 0;
}

void CompletenessGate::listUnused()
{
    const auto resolution = m_session.document().resolution();
    const Theme theme = Theme::of(palette());
    std::vector<std::uint32_t> unused;
    for (std::uint32_t i = 0; i < resolution->sources.size(); ++i) {
        if (resolution->sources[i].status == SourceStatus::Unused)
            unused.push_back(i);
    }
    const QString used = countText(resolution->count(SourceStatus::Used));
    if (unused.empty()) {
        const std::size_t dropped = resolution->count(SourceStatus::Dropped);
        addRow(QStringLiteral("check"), theme.status(Status::Proven).foreground, tr("No unused source key"),
               dropped > 0 ? tr("%1 used, %2 dropped with a reason").arg(used, countText(dropped)) : tr("%1 used").arg(used));
        return;
    }
    PageButton *drop = fixButton(tr("Drop, not needed"));
    drop->setToolTip(tr("Adds rules that drop these keys with the reason “not needed by the target”"));
    connect(drop, &QAbstractButton::clicked, this, [this, unused] { m_edits->drop(unused, tr("not needed by the target")); });
    const QString first = keyText(m_session.document().source()->tensors[unused.front()].key);
    addRow(statusIcon(Status::Unused), theme.status(Status::Unused).foreground,
           unused.size() == 1 ? tr("1 unused source key") : tr("%1 unused source keys").arg(countText(unused.size())),
           unused.size() > 1 ? tr("%1 and %2 more").arg(first).arg(unused.size() - 1) : first, drop);
}

void CompletenessGate::listPrecision()
{
    const auto from = mainDtype(*m_session.document().source()), to = mainDtype(*m_session.document().target());
    if (from && to && info(*to).blockBytes < info(*from).blockBytes)
        addRow(QStringLiteral("warning"), Theme::of(palette()).status(Status::ToReview).foreground, tr("Precision"),
               tr("%1 to %2 rounds; the result says by how much").arg(dtypeName(*from), dtypeName(*to)));
}

} // namespace rekey::ui
