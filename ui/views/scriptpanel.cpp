// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/scriptpanel.h"

#include "core/script/exporters.h"
#include "ui/jobs/job.h"
#include "ui/theme/theme.h"
#include "ui/views/scripthighlighter.h"
#include "ui/window/pagebutton.h"

#include <QApplication>
#include <QBoxLayout>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>

namespace rekey::ui {

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
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
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

} // namespace rekey::ui
