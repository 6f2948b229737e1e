// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/mappanels.h"

#include "core/script/exporters.h"
#include "ui/jobs/job.h"
#include "ui/models/keystatus.h"
#include "ui/models/problemsmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/emptystate.h"
#include "ui/views/scripthighlighter.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QListView>
#include <QPainter>
#include <QPlainTextEdit>
#include <QStackedWidget>
#include <QStyledItemDelegate>
#include <QTextBrowser>

#include <map>

namespace rekey::ui {

namespace {

constexpr std::size_t mostMetadataRows = 200;

QTextBrowser *browser()
{
    auto *text = new QTextBrowser;
    text->setFrameShape(QFrame::NoFrame);
    text->setOpenLinks(false);
    text->document()->setDocumentMargin(12);
    return text;
}

QString coloured(const QColor &colour, const QString &html)
{
    return QStringLiteral("<span style='color:%1'>%2</span>").arg(colour.name(), html);
}

QString factRow(const QString &label, const QString &value, const Theme &theme)
{
    return QStringLiteral(
               "<tr><td style='padding:2px 16px 2px 0;white-space:nowrap;color:%1'>%2</td><td style='padding:2px 0'>%3</td></tr>")
        .arg(theme.text2.name(), label.toHtmlEscaped(), value.toHtmlEscaped());
}

QVBoxLayout *bareColumn(QWidget *widget)
{
    auto *column = new QVBoxLayout(widget);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    return column;
}

class ProblemDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {200, 28}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const QRect &row = option.rect;
        painter->save();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(row, theme.sel);
        else if (option.state & QStyle::State_MouseOver)
            painter->fillRect(row, theme.hover);
        const auto severity = static_cast<Severity>(index.data(ProblemsModel::SeverityRole).toInt());
        const QString name = severity == Severity::Error     ? QStringLiteral("error")
                             : severity == Severity::Warning ? QStringLiteral("warning")
                                                             : QStringLiteral("info");
        const QColor colour = severity == Severity::Error ? theme.status(Status::Missing).foreground
            : severity == Severity::Warning               ? theme.status(Status::ToReview).foreground
                                                          : theme.status(Status::Suggested).foreground;
        painter->drawPixmap(row.x() + 12, row.center().y() - 7, iconPixmap(name, 16, painter->device()->devicePixelRatioF(), colour));
        const int split = row.x() + row.width() * 3 / 5;
        paintText(*painter, QRect(row.x() + 36, row.y(), split - row.x() - 48, row.height()), index.data().toString(), option.font,
                  theme.text);
        paintText(*painter, QRect(split, row.y(), row.right() - split - 12, row.height()), index.data(ProblemsModel::PlaceRole).toString(),
                  fixedFont(), theme.text2);
        paintLineBelow(*painter, row, theme.line);
        painter->restore();
    }
};

} // namespace

ProblemsPanel::ProblemsPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_model(new ProblemsModel(this))
    , m_list(new QListView)
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyState(QStringLiteral("check")))
{
    m_list->setModel(m_model);
    m_list->setItemDelegate(new ProblemDelegate(m_list));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(tr("Problems"));
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_list);
    bareColumn(this)->addWidget(m_stack);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &ProblemsPanel::follow);
    connect(m_list, &QListView::clicked, this, &ProblemsPanel::goTo);
    connect(m_list, &QListView::activated, this, &ProblemsPanel::goTo);
    follow();
}

int ProblemsPanel::count() const
{
    return m_model->rowCount();
}

void ProblemsPanel::follow()
{
    MappingDocument &document = m_session.document();
    m_model->setResolution(document.resolution(), document.source(), document.target());
    if (document.resolution())
        m_empty->setText(tr("No problem found"), tr("Missing, mismatched and colliding keys would be listed here."));
    else
        m_empty->setText(tr("Nothing to check yet"), tr("Problems of the mapping appear here once both sides are open."));
    m_stack->setCurrentIndex(count() > 0 ? 1 : 0);
    Q_EMIT countChanged(count());
}

void ProblemsPanel::goTo(const QModelIndex &index)
{
    const Problem &problem = m_model->problem(index);
    if (problem.target != none)
        m_session.selectTensors(Side::Target, {problem.target});
    else if (problem.source != none)
        m_session.selectTensors(Side::Source, {problem.source});
    else if (problem.rule != none)
        m_session.selectRule(problem.rule);
}

EvidencePanel::EvidencePanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_text(browser())
    , m_stack(new QStackedWidget)
{
    auto *empty = new EmptyState(QStringLiteral("evidence"));
    empty->setText(tr("Select a rule to see its evidence"), tr("Values, shapes, order and names that speak for it, strongest first."));
    m_stack->addWidget(empty);
    m_stack->addWidget(m_text);
    bareColumn(this)->addWidget(m_stack);
    connect(&session, &Session::selectionChanged, this, &EvidencePanel::follow);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &EvidencePanel::follow);
    follow();
}

void EvidencePanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange)
        follow();
    QWidget::changeEvent(event);
}

void EvidencePanel::follow()
{
    const auto mapping = m_session.document().resolvedMapping();
    const auto resolution = m_session.document().resolution();
    const std::uint32_t number = m_session.selection().rule;
    const bool shown = mapping && number < mapping->rules.size();
    m_stack->setCurrentIndex(shown ? 1 : 0);
    if (!shown)
        return;
    const Theme theme = Theme::of(palette());
    const Rule &rule = mapping->rules[number];
    const RuleEffect *effect = resolution && number < resolution->rules.size() ? &resolution->rules[number] : nullptr;
    const Status status = ruleStatus(rule, effect);
    QString html = QStringLiteral("<p style='margin:0 0 8px 0'><b>%1</b> &nbsp; ").arg(tr("Rule %1").arg(number + 1));
    QString state = statusWord(status);
    if (status == Status::Suggested)
        state += QLatin1Char(' ') + confidenceText(rule.confidence);
    html += coloured(theme.status(status).foreground, state.toHtmlEscaped());
    if (effect != nullptr)
        html += coloured(theme.text2, QStringLiteral(" &nbsp; ") + tr("%n source key(s)", nullptr, static_cast<int>(effect->sourceKeys))
                                          + QStringLiteral(" → ") + tr("%n target key(s)", nullptr, static_cast<int>(effect->targetKeys)));
    html += QStringLiteral("</p><p style='margin:0 0 8px 0;font-family:monospace'>");
    QStringList sources, targets;
    for (const Pattern &pattern : rule.sources)
        sources += keyText(pattern.text()).toHtmlEscaped();
    for (const Pattern &pattern : rule.targets)
        targets += keyText(pattern.text()).toHtmlEscaped();
    html += sources.join(QStringLiteral(", ")) + QStringLiteral(" → ") + targets.join(QStringLiteral(", "));
    if (const QString transform = QString::fromStdString(transformText(rule.transform)); !transform.isEmpty())
        html += QStringLiteral(" &nbsp; ") + coloured(theme.text2, transform.toHtmlEscaped());
    html += QStringLiteral("</p>");
    if (effect != nullptr && !effect->problem.empty())
        html += QStringLiteral("<p style='margin:0 0 8px 0'>%1</p>")
                    .arg(coloured(theme.status(Status::Missing).foreground, keyText(effect->problem).toHtmlEscaped()));
    if (rule.evidence.empty() && rule.candidates.empty())
        html += coloured(theme.text2, rule.state == RuleState::Accepted ? tr("Accepted by hand.") : tr("No evidence was recorded."));
    html += QStringLiteral("<ul style='margin:0 0 0 -22px'>");
    for (const std::string &line : rule.evidence)
        html += QStringLiteral("<li>%1</li>").arg(keyText(line).toHtmlEscaped());
    for (const Candidate &candidate : rule.candidates)
        html += QStringLiteral("<li>%1 &nbsp; %2</li>").arg(confidenceText(candidate.confidence), keyText(candidate.why).toHtmlEscaped());
    m_text->setHtml(html + QStringLiteral("</ul>"));
}

ScriptPanel::ScriptPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_exporter(new QComboBox)
    , m_text(new QPlainTextEdit)
    , m_lines(new QLabel)
    , m_copy(new PageButton(PageButton::Look::Outlined, tr("Copy"), QStringLiteral("copy")))
    , m_save(new PageButton(PageButton::Look::Outlined, tr("Save as…"), QStringLiteral("export")))
{
    for (const Exporter &exporter : exporters())
        m_exporter->addItem(QString::fromUtf8(exporter.description.data(), static_cast<qsizetype>(exporter.description.size())),
                            QString::fromUtf8(exporter.id.data(), static_cast<qsizetype>(exporter.id.size())));
    m_exporter->setAccessibleName(tr("Kind of script"));
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFont(fixedFont());
    m_text->setPlaceholderText(tr("The conversion script appears here once both sides are open."));
    m_text->setAccessibleName(tr("Script"));
    m_text->document()->setDocumentMargin(12);
    m_lines->setFont(secondaryFont());
    m_copy->setSmall(true);
    m_save->setSmall(true);
    auto *highlighter = new ScriptHighlighter(m_text->document());
    m_text->setProperty("highlighter", QVariant::fromValue<QObject *>(highlighter));
    auto *row = new QHBoxLayout;
    row->setContentsMargins(12, 4, 12, 4);
    row->setSpacing(8);
    row->addWidget(m_exporter);
    row->addWidget(m_lines);
    row->addStretch(1);
    row->addWidget(m_copy);
    row->addWidget(m_save);
    auto *column = bareColumn(this);
    column->addLayout(row);
    column->addWidget(m_text, 1);
    connect(m_exporter, &QComboBox::currentIndexChanged, this, &ScriptPanel::follow);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &ScriptPanel::follow);
    connect(m_copy, &QAbstractButton::clicked, this, [this] { QApplication::clipboard()->setText(m_text->toPlainText()); });
    connect(m_save, &QAbstractButton::clicked, this, [this] { Q_EMIT saveAsked(m_exporter->currentData().toString()); });
}

QString ScriptPanel::text() const
{
    return m_text->toPlainText();
}

void ScriptPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_outOfDate)
        follow();
}

void ScriptPanel::follow()
{
    m_outOfDate = true;
    MappingDocument &document = m_session.document();
    const bool hasScript = document.resolution() != nullptr && m_exporter->count() > 0;
    m_copy->setEnabled(hasScript);
    m_save->setEnabled(hasScript);
    if (!hasScript) {
        m_text->clear();
        m_lines->clear();
        return;
    }
    if (!isVisible())
        return;
    m_outOfDate = false;
    Job *job = m_session.jobs().start(
        this, QStringLiteral("script"), tr("Writing the script"),
        [id = m_exporter->currentData().toString().toStdString(), mapping = document.resolvedMapping(), source = document.source(),
         target = document.target(), resolution = document.resolution()](const Progress &) {
            const ExportInput input{mapping.get(), source.get(), target.get(), resolution.get()};
            return QString::fromStdString(exporterById(id).write(input));
        },
        [this](const QString &script) {
            m_text->setPlainText(script);
            m_lines->setText(tr("%n line(s)", nullptr, static_cast<int>(script.count(QLatin1Char('\n')))));
        });
    connect(job, &Job::failed, this, [this](const QString &error) {
        m_text->setPlainText(error);
        m_lines->clear();
    });
}

MetadataPanel::MetadataPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(1);
    for (const Side side : {Side::Source, Side::Target}) {
        const int i = static_cast<int>(side);
        m_text[i] = browser();
        m_text[i]->setAccessibleName(side == Side::Source ? tr("Metadata of the source") : tr("Metadata of the target"));
        m_root[i] = new QComboBox;
        m_root[i]->setAccessibleName(tr("Root"));
        m_root[i]->setToolTip(tr("Which part of the file is the state dict"));
        auto *column = new QVBoxLayout;
        column->setSpacing(0);
        auto *top = new QHBoxLayout;
        top->setContentsMargins(12, 4, 12, 0);
        top->addWidget(m_root[i]);
        top->addStretch(1);
        column->addLayout(top);
        column->addWidget(m_text[i]);
        row->addLayout(column);
        connect(m_root[i], &QComboBox::activated, this, [this, side](int index) {
            const CheckpointPtr checkpoint = m_session.checkpoint(side);
            if (checkpoint && static_cast<std::size_t>(index) < checkpoint->roots().size())
                m_session.chooseRoot(side, checkpoint->roots()[static_cast<std::size_t>(index)]);
        });
        follow(side);
    }
    connect(&session, &Session::opened, this, &MetadataPanel::follow);
}

void MetadataPanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange) {
        follow(Side::Source);
        follow(Side::Target);
    }
    QWidget::changeEvent(event);
}

void MetadataPanel::follow(Side side)
{
    const int i = static_cast<int>(side);
    const CheckpointPtr checkpoint = m_session.checkpoint(side);
    const Theme theme = Theme::of(palette());
    m_root[i]->clear();
    m_root[i]->setVisible(checkpoint && checkpoint->roots().size() > 1);
    const QString head = side == Side::Source ? tr("Source") : tr("Target");
    if (!checkpoint) {
        m_text[i]->setHtml(coloured(theme.text2, tr("%1: nothing is open.").arg(head)));
        return;
    }
    for (const Root &root : checkpoint->roots())
        m_root[i]->addItem(QStringLiteral("%1 (%2)").arg(root.text.empty() ? tr("whole file") : keyText(root.text)).arg(root.tensors));
    std::uint64_t values = 0, bytes = 0;
    for (const TensorEntry &tensor : checkpoint->tensors()) {
        values += tensor.elements();
        bytes += tensor.bytes();
    }
    const auto latin = [](std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); };
    QString html = QStringLiteral("<b style='color:%1'>%2</b> &nbsp; %3<table style='margin-top:6px'>")
                       .arg((side == Side::Source ? theme.src : theme.tgt).name(), head, m_session.name(side).toHtmlEscaped());
    html += factRow(tr("Format"), latin(checkpoint->formatText()), theme);
    if (checkpoint->files().size() > 1)
        html += factRow(tr("Files"), QString::number(checkpoint->files().size()), theme);
    html += factRow(tr("Root"), checkpoint->root().text.empty() ? tr("whole file") : keyText(checkpoint->root().text), theme);
    html += factRow(tr("Tensors"),
                    tr("%1, %2 values, %3").arg(countText(checkpoint->tensors().size()), countText(values), bytesText(bytes)), theme);
    for (const std::string &warning : checkpoint->warnings())
        html += factRow(tr("Warning"), keyText(warning), theme);
    std::size_t rows = 0;
    for (const MetadataEntry &entry : checkpoint->metadata()) {
        if (++rows > mostMetadataRows)
            break;
        html += factRow(keyText(pathText(entry.path)),
                        entry.className.empty() ? keyText(entry.value) : keyText(entry.className) + QLatin1Char(' ') + keyText(entry.value),
                        theme);
    }
    if (checkpoint->metadata().empty())
        html += factRow(tr("Metadata"), tr("none"), theme);
    else if (checkpoint->metadata().size() > mostMetadataRows)
        html += factRow(tr("Metadata"), tr("%1 more entries").arg(checkpoint->metadata().size() - mostMetadataRows), theme);
    m_text[i]->setHtml(html + QStringLiteral("</table>"));
}

SafetyPanel::SafetyPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    for (const Side side : {Side::Source, Side::Target}) {
        m_text[static_cast<int>(side)] = browser();
        row->addWidget(m_text[static_cast<int>(side)]);
        follow(side);
    }
    connect(&session, &Session::opened, this, &SafetyPanel::follow);
}

void SafetyPanel::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange) {
        follow(Side::Source);
        follow(Side::Target);
    }
    QWidget::changeEvent(event);
}

void SafetyPanel::follow(Side side)
{
    const int i = static_cast<int>(side);
    const CheckpointPtr checkpoint = m_session.checkpoint(side);
    const Theme theme = Theme::of(palette());
    const QString head = side == Side::Source ? tr("Source") : tr("Target");
    if (!checkpoint) {
        m_text[i]->setHtml(coloured(theme.text2, tr("%1: nothing is open.").arg(head)));
        return;
    }
    QString html = QStringLiteral("<b style='color:%1'>%2</b> &nbsp; %3<p style='margin:6px 0 4px 0'>%4</p>")
                       .arg((side == Side::Source ? theme.src : theme.tgt).name(), head, m_session.name(side).toHtmlEscaped(),
                            coloured(theme.status(Status::Proven).foreground, tr("✓ Nothing was executed.")));
    if (checkpoint->globals().empty()) {
        html += coloured(theme.text2, tr("The file has no pickle: it cannot ask for code."));
    } else {
        const auto isKnown = [](const GlobalUse &use) { return use.grade == Grade::Known; };
        const bool allKnown = std::all_of(checkpoint->globals().begin(), checkpoint->globals().end(), isKnown);
        html += (allKnown ? tr("The pickle would import %n name(s), all known:", nullptr, static_cast<int>(checkpoint->globals().size()))
                          : tr("The pickle would import %n name(s):", nullptr, static_cast<int>(checkpoint->globals().size())))
            + QStringLiteral("<br>");
        for (const GlobalUse &use : checkpoint->globals()) {
            const QColor colour = use.grade == Grade::Known     ? theme.text
                                  : use.grade == Grade::Unknown ? theme.status(Status::ToReview).foreground
                                                                : theme.status(Status::Missing).foreground;
            QString line
                = QStringLiteral("<span style='font-family:monospace'>%1</span>").arg(keyText(use.module + "." + use.name).toHtmlEscaped());
            if (use.grade == Grade::Dangerous)
                line += QStringLiteral(" &nbsp; ")
                        + tr("dangerous, at byte %1 of %2").arg(countText(use.offset), keyText(use.part).toHtmlEscaped());
            else if (use.grade == Grade::Unknown)
                line += QStringLiteral(" &nbsp; ")
                        + tr("unknown, at byte %1 of %2").arg(countText(use.offset), keyText(use.part).toHtmlEscaped());
            html += coloured(colour, line) + QStringLiteral("<br>");
        }
    }
    m_text[i]->setHtml(html);
}

} // namespace rekey::ui
