// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/exportdialog.h"

#include "core/script/exporters.h"
#include "ui/document/conversion.h"
#include "ui/document/rulesedit.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/scripthighlighter.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/settings.h"

#include <QApplication>
#include <QBoxLayout>
#include <QCheckBox>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QListWidget>
#include <QPlainTextEdit>

namespace rekey::ui {

namespace {

constexpr int kindsWidth = 300, kindHeight = 36;

QString latin(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

void colour(QLabel *label, const QColor &ink)
{
    QPalette palette = label->palette();
    palette.setColor(QPalette::WindowText, ink);
    label->setPalette(palette);
}

} // namespace

ExportDialog::ExportDialog(Session &session, const QString &exporterId, QWidget *parent)
    : QDialog(parent)
    , m_session(session)
    , m_kinds(new QListWidget)
    , m_header(new PanelHeader(tr("Preview"), QStringLiteral("script")))
    , m_text(new QPlainTextEdit)
    , m_gate(new QWidget)
    , m_gateIcon(new QLabel)
    , m_gateText(new QLabel)
    , m_state(new QLabel)
    , m_anyway(new QCheckBox(tr("Export anyway")))
    , m_copy(new PageButton(PageButton::Look::Outlined, tr("Copy"), QStringLiteral("copy")))
    , m_save(new PageButton(PageButton::Look::Primary, tr("Save as…"), QStringLiteral("export")))
{
    setWindowTitle(tr("Export"));
    auto *columns = new QHBoxLayout;
    columns->setSpacing(0);
    columns->addWidget(makeKinds(exporterId));
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    columns->addWidget(line);
    columns->addWidget(makePreview(), 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(columns, 1);
    column->addWidget(makeFooter());
    resize(960, 560);
    setMinimumSize(640, 400);
    connect(m_kinds, &QListWidget::currentRowChanged, this, &ExportDialog::follow);
    connect(m_anyway, &QCheckBox::toggled, this, &ExportDialog::followGate);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &ExportDialog::follow);
    follow();
    m_kinds->setFocus();
}

QWidget *ExportDialog::makeKinds(const QString &exporterId)
{
    auto *left = new QWidget;
    left->setFixedWidth(kindsWidth);
    left->setAutoFillBackground(true);
    left->setBackgroundRole(QPalette::Base);
    m_kinds->setFrameShape(QFrame::NoFrame);
    m_kinds->setAccessibleName(tr("Kind of export"));
    // A chosen row is tinted, as everywhere.
    const Theme theme = Theme::of(palette());
    QPalette quiet = m_kinds->palette();
    quiet.setColor(QPalette::Highlight, theme.sel);
    quiet.setColor(QPalette::HighlightedText, theme.text);
    m_kinds->setPalette(quiet);
    for (const Exporter &exporter : exporters()) {
        auto *item = new QListWidgetItem(icon(QStringLiteral("script")), exporterText(exporter), m_kinds);
        item->setData(Qt::UserRole, latin(exporter.id));
        item->setSizeHint({kindsWidth, kindHeight});
        item->setToolTip(tr("%1 file").arg(latin(exporter.extension)));
        if (latin(exporter.id) == exporterId)
            m_kinds->setCurrentItem(item);
    }
    if (m_kinds->currentRow() < 0)
        m_kinds->setCurrentRow(0);
    auto *column = new QVBoxLayout(left);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(new PanelHeader(tr("Export as")));
    column->addWidget(m_kinds, 1);
    return left;
}

QWidget *ExportDialog::makePreview()
{
    auto *right = new QWidget;
    m_text->setReadOnly(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFont(fixedFont());
    m_text->setAccessibleName(tr("Preview"));
    m_text->document()->setDocumentMargin(12);
    new ScriptHighlighter(m_text->document());
    m_gateText->setFont(secondaryFont());
    m_gateText->setWordWrap(true);
    m_gate->setAutoFillBackground(true);
    auto *gate = new QHBoxLayout(m_gate);
    gate->setContentsMargins(12, 8, 12, 8);
    gate->setSpacing(8);
    gate->addWidget(m_gateIcon, 0, Qt::AlignTop);
    gate->addWidget(m_gateText, 1);
    gate->addWidget(m_anyway);
    auto *column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    column->addWidget(m_gate);
    column->addWidget(m_text, 1);
    return right;
}

QWidget *ExportDialog::makeFooter()
{
    auto *footer = new QWidget;
    footer->setFixedHeight(52);
    m_state->setFont(secondaryFont());
    m_state->setWordWrap(true);
    auto *close = new PageButton(PageButton::Look::Outlined, tr("Close"));
    connect(close, &QAbstractButton::clicked, this, &QDialog::reject);
    connect(m_copy, &QAbstractButton::clicked, this, &ExportDialog::copy);
    connect(m_save, &QAbstractButton::clicked, this, &ExportDialog::save);
    auto *row = new QHBoxLayout(footer);
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_state, 1);
    row->addWidget(close);
    row->addWidget(m_copy);
    row->addWidget(m_save);
    return footer;
}

QString ExportDialog::exporterId() const
{
    return m_kinds->currentItem() != nullptr ? m_kinds->currentItem()->data(Qt::UserRole).toString() : QString();
}

QString ExportDialog::text() const
{
    return m_text->toPlainText();
}

void ExportDialog::follow()
{
    MappingDocument &document = m_session.document();
    m_previewed = false;
    m_state->clear();
    m_header->setTrailingText({});
    if (!document.resolution() || exporterId().isEmpty())
        return;
    Job *job = m_session.jobs().start(
        this, QStringLiteral("preview"), tr("Writing the preview"),
        [id = exporterId().toStdString(), mapping = document.resolvedMapping(), source = document.source(), target = document.target(),
         resolution = document.resolution()](const Progress &) {
            return QString::fromStdString(exporterById(id).write(ExportInput{mapping.get(), source.get(), target.get(), resolution.get()}));
        },
        [this](const QString &text) {
            m_previewed = true;
            m_text->setPlainText(text);
            m_header->setTrailingText(tr("%n line(s)", nullptr, static_cast<int>(text.count(QLatin1Char('\n')))));
            followGate();
        });
    connect(job, &Job::failed, this, [this](const QString &error) {
        m_text->clear();
        colour(m_state, Theme::of(palette()).status(Status::Missing).foreground);
        m_state->setText(error);
        followGate();
    });
    followGate();
}

void ExportDialog::followGate()
{
    const auto resolution = m_session.document().resolution();
    const std::size_t open = resolution ? openKeys(*resolution) : 0;
    const Theme theme = Theme::of(palette());
    const StatusColours colours = theme.status(Status::ToReview);
    m_gate->setVisible(open > 0);
    QPalette tinted = palette();
    tinted.setColor(QPalette::Window, colours.tint);
    m_gate->setPalette(tinted);
    m_gateIcon->setPixmap(iconPixmap(QStringLiteral("warning"), 16, devicePixelRatioF(), colours.foreground));
    m_gateText->setText(open == 1 ? tr("1 target key is open; what is exported leaves it out. Going on is recorded in the mapping.")
                                  : tr("%1 target keys are open; what is exported leaves them out. Going on is recorded in the mapping.")
                                        .arg(countText(open)));
    colour(m_gateText, colours.foreground);
    const bool ready = m_previewed && (open == 0 || m_anyway->isChecked());
    m_copy->setEnabled(ready);
    m_save->setEnabled(ready);
}

void ExportDialog::record()
{
    const auto resolution = m_session.document().resolution();
    Mapping next = m_session.document().mapping();
    next.incompleteAccepted = resolution && openKeys(*resolution) > 0;
    m_session.document().change(std::move(next), tr("Export with open keys"));
}

void ExportDialog::copy()
{
    QApplication::clipboard()->setText(text());
    record();
    colour(m_state, Theme::of(palette()).status(Status::Proven).foreground);
    m_state->setText(tr("Copied."));
}

void ExportDialog::save()
{
    const QString extension = latin(exporterById(exporterId().toStdString()).extension);
    const QString folder = m_session.settings().lastFolder(QStringLiteral("export"));
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Export"), folder + QStringLiteral("/convert_") + m_session.stem(Side::Source) + extension,
        QStringLiteral("*") + extension);
    if (path.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("export"), QFileInfo(path).path());
    saveTo(path);
}

void ExportDialog::saveTo(const QString &path)
{
    MappingDocument &document = m_session.document();
    const auto resolution = document.resolution();
    Mapping mapping = *document.resolvedMapping();
    mapping.incompleteAccepted = resolution && openKeys(*resolution) > 0;
    Job *job = m_session.jobs().start(
        this, QStringLiteral("save"), tr("Exporting"),
        [id = exporterId().toStdString(), path, mapping = std::move(mapping), source = document.source(), target = document.target(),
         resolution](const Progress &) {
            writeExport(id, ExportInput{&mapping, source.get(), target.get(), resolution.get()}, path.toStdString());
            return true;
        },
        [this, path](bool) {
            record();
            Q_EMIT written(path);
            accept();
        });
    connect(job, &Job::failed, this, [this](const QString &error) {
        colour(m_state, Theme::of(palette()).status(Status::Missing).foreground);
        m_state->setText(error);
    });
}

} // namespace rekey::ui
