// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/convertdialog.h"

#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/completenessgate.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/labels.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/settings.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QStackedWidget>

namespace rekey::ui {

namespace {

constexpr std::uint64_t gigabyte = 1'000'000'000;
constexpr int progressSteps = 1000;

enum State { Note, Progressing, Failed };

} // namespace

ConvertDialog::ConvertDialog(Session &session, QWidget *parent)
    : QDialog(parent)
    , m_session(session)
    , m_gate(new CompletenessGate(session))
{
    setWindowTitle(tr("Convert"));
    m_write = makeWrite();
    auto *columns = new QHBoxLayout;
    columns->setSpacing(0);
    columns->addWidget(m_gate, 1);
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    columns->addWidget(line);
    columns->addWidget(m_write, 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(columns, 1);
    column->addWidget(makeFooter());
    resize(920, 460);
    setMinimumWidth(760);
    connect(m_gate, &CompletenessGate::changed, this, &ConvertDialog::updateTexts);
    connect(m_gate, &CompletenessGate::reviewAsked, this, [this] {
        reject();
        Q_EMIT reviewAsked();
    });
    connect(m_gate, &CompletenessGate::showAsked, this, [this](Status status) {
        reject();
        Q_EMIT showAsked(status);
    });
    updateTexts();
    m_convert->setFocus();
}

ConvertDialog::~ConvertDialog()
{
    if (m_job)
        m_job->cancel();
}

QString ConvertDialog::errorText() const
{
    return m_state->currentIndex() == Failed ? m_error->text() : QString();
}

QWidget *ConvertDialog::makeWrite()
{
    auto *write = new QWidget;
    write->setAutoFillBackground(true);
    write->setBackgroundRole(QPalette::Base);
    auto *column = new QVBoxLayout(write);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(new PanelHeader(tr("Write")));
    column->addLayout(makeDestination());
    column->addWidget(new PanelHeader(tr("And beside it")));
    column->addLayout(makeBeside());
    column->addStretch(1);
    return write;
}

QLayout *ConvertDialog::makeDestination()
{
    const auto target = m_session.document().target();
    const QString base = m_session.stem(m_session.stem(Side::Target).isEmpty() ? Side::Source : Side::Target);
    // Beside the source, where that is a place to write to.
    const QFileInfo beside(QFileInfo(QString::fromStdString(m_session.path(Side::Source).string())).absolutePath());
    const QString folder
        = m_session.settings().lastFolder(QStringLiteral("convert"), beside.isWritable() ? beside.absoluteFilePath() : QString());
    m_destination = new QLineEdit(QDir(folder).filePath(base + QStringLiteral("_converted.safetensors")));
    m_destination->setAccessibleName(tr("Weights"));
    m_destination->end(false); // the name rather than the folder
    auto *browseButton = new PageButton(PageButton::Look::Flat, {}, QStringLiteral("open"));
    browseButton->setToolTip(tr("Choose where to write"));
    browseButton->setAccessibleName(tr("Choose where to write"));
    connect(browseButton, &QAbstractButton::clicked, this, &ConvertDialog::browse);
    m_dtype = new QComboBox;
    const auto native = target ? mainDtype(*target) : std::nullopt;
    m_dtype->addItem(native ? tr("%1, as in the target").arg(dtypeName(*native)) : tr("As in the target"));
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16})
        m_dtype->addItem(dtypeName(dtype), static_cast<int>(dtype));
    m_dtype->setAccessibleName(tr("Data type"));
    m_shards = new QComboBox;
    m_shards->setAccessibleName(tr("Shards"));
    m_shards->addItem({}, QVariant::fromValue<qulonglong>(0));
    for (const std::uint64_t size : {1, 2, 5, 10})
        m_shards->addItem(tr("Files of at most %1 GB").arg(size), QVariant::fromValue<qulonglong>(size * gigabyte));
    connect(m_dtype, &QComboBox::currentIndexChanged, this, &ConvertDialog::updateTexts);
    connect(m_destination, &QLineEdit::textChanged, this, &ConvertDialog::updateTexts);
    connect(m_destination, &QLineEdit::returnPressed, this, [this] {
        if (m_convert->isEnabled())
            start();
    });

    auto *grid = new QGridLayout;
    grid->setContentsMargins(12, 14, 12, 14);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    const QStringList labels{tr("Weights"), tr("Data type"), tr("Shards")};
    for (int row = 0; row < labels.size(); ++row) {
        QLabel *label = quietLabel(labels[row]);
        label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        grid->addWidget(label, row, 0);
    }
    grid->addWidget(m_destination, 0, 1);
    grid->addWidget(browseButton, 0, 2);
    grid->addWidget(m_dtype, 1, 1, 1, 2);
    grid->addWidget(m_shards, 2, 1, 1, 2);
    grid->setColumnStretch(1, 1);
    return grid;
}

QLayout *ConvertDialog::makeBeside()
{
    auto *beside = new QVBoxLayout;
    beside->setContentsMargins(16, 12, 12, 12);
    beside->setSpacing(0);
    const auto offer = [&](Extra &extra, const QString &title, bool on, std::string_view exporter) {
        extra.box = new QCheckBox(title);
        extra.text = new ElidedLabel;
        extra.text->setFont(secondaryFont());
        extra.text->setForegroundRole(QPalette::PlaceholderText);
        extra.text->setIndent(0);
        auto *below = new QHBoxLayout;
        below->addSpacing(24); // under the word, not under the box
        below->addWidget(extra.text, 1);
        beside->addWidget(extra.box);
        beside->addLayout(below);
        beside->addSpacing(8);
        const bool known = exporter.empty() || exporterNamed(exporter) != nullptr;
        extra.box->setVisible(known);
        extra.text->setVisible(known);
        extra.box->setChecked(on && known);
    };
    offer(m_script, tr("Python script"), true, "python");
    offer(m_mapping, tr("Mapping"), true, {});
    offer(m_transformers, tr("Transformers converter"), false, "transformers");
    offer(m_report, tr("Report"), true, "markdown");
    return beside;
}

QWidget *ConvertDialog::makeFooter()
{
    auto *footer = new QWidget;
    footer->setFixedHeight(52);
    m_progress = new QProgressBar;
    m_progress->setRange(0, progressSteps);
    m_progress->setTextVisible(false);
    m_progress->setFixedHeight(6);
    m_progress->setAccessibleName(tr("Progress"));
    m_doing = quietLabel();
    auto *progressing = new QWidget;
    auto *progressColumn = new QVBoxLayout(progressing);
    progressColumn->setContentsMargins(0, 0, 0, 0);
    progressColumn->setSpacing(4);
    progressColumn->addStretch(1);
    progressColumn->addWidget(m_doing);
    progressColumn->addWidget(m_progress);
    progressColumn->addStretch(1);
    m_error = new QLabel;
    m_error->setFont(secondaryFont());
    m_error->setWordWrap(true);
    m_error->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_state = new QStackedWidget;
    QLabel *note = quietLabel(tr("Written to a temporary file, read back, then renamed. Inputs are never overwritten."));
    note->setWordWrap(true);
    m_state->addWidget(note);
    m_state->addWidget(progressing);
    m_state->addWidget(m_error);
    m_cancel = new PageButton(PageButton::Look::Outlined, tr("Cancel"));
    m_convert = new PageButton(PageButton::Look::Primary, tr("Convert"));
    m_convert->setObjectName(QStringLiteral("convert"));
    connect(m_cancel, &QAbstractButton::clicked, this, &ConvertDialog::reject);
    connect(m_convert, &QAbstractButton::clicked, this, &ConvertDialog::start);
    auto *row = new QHBoxLayout(footer);
    row->setContentsMargins(12, 0, 12, 0);
    row->setSpacing(8);
    row->addWidget(m_state, 1);
    row->addSpacing(8);
    row->addWidget(m_cancel);
    row->addWidget(m_convert);
    return footer;
}

std::uint64_t ConvertDialog::targetBytes() const
{
    const auto target = m_session.document().target();
    std::uint64_t bytes = 0;
    const auto chosen = m_dtype->currentData().isValid() ? std::optional(static_cast<DType>(m_dtype->currentData().toInt())) : std::nullopt;
    for (const SchemaTensor &tensor : target->tensors) {
        const bool cast = chosen && info(tensor.dtype).kind == DTypeKind::Float;
        bytes += byteCount(cast ? *chosen : tensor.dtype, elementCount(tensor.shape)).value_or(0);
    }
    return bytes;
}

void ConvertDialog::updateTexts()
{
    if (m_convert == nullptr || !m_session.document().target())
        return;
    m_shards->setItemText(0, tr("One file, %1").arg(bytesText(targetBytes())));
    const std::size_t tensors = m_session.document().target()->tensors.size();
    m_convert->setText(tr("Convert %n tensor(s)", nullptr, static_cast<int>(tensors)));
    m_convert->setEnabled(!isConverting() && m_gate->isOpen() && !m_destination->text().trimmed().isEmpty());
    const std::filesystem::path weights = m_destination->text().trimmed().toStdString();
    const auto beside
        = [&weights](std::string_view suffix) { return QString::fromStdString(withSuffix(weights, suffix).filename().string()); };
    m_script.text->setText(tr("%1, the same conversion in PyTorch").arg(beside(".py")));
    m_mapping.text->setText(tr("%1, with fingerprints of both sides").arg(beside(".rekey.json")));
    m_transformers.text->setText(tr("%1, in the library’s house form").arg(beside("_transformers.py")));
    m_report.text->setText(tr("%1, rules, evidence, reasons").arg(beside(".md")));
}

void ConvertDialog::browse()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Write the converted weights"), m_destination->text(),
                                                      tr("safetensors (*.safetensors);;PyTorch (*.pth *.pt *.bin)"));
    if (!path.isEmpty())
        m_destination->setText(path);
}

ConvertChoice ConvertDialog::choice() const
{
    ConvertChoice choice;
    choice.request.source = m_session.checkpoint(Side::Source);
    choice.request.target = m_session.checkpoint(Side::Target);
    choice.request.mapping = m_session.document().mapping();
    choice.request.mapping.incompleteAccepted = m_gate->isOverridden();
    choice.request.allowIncomplete = m_gate->isOverridden();
    choice.request.destination = m_destination->text().trimmed().toStdString();
    if (m_dtype->currentData().isValid())
        choice.request.dtype = static_cast<DType>(m_dtype->currentData().toInt());
    choice.request.maxShardBytes = m_shards->currentData().toULongLong();
    choice.script = m_script.box->isChecked();
    choice.mapping = m_mapping.box->isChecked();
    choice.transformers = m_transformers.box->isChecked();
    choice.report = m_report.box->isChecked();
    return choice;
}

void ConvertDialog::start()
{
    const ConvertChoice chosen = choice();
    // The override is part of the document from here on, and can be undone like any edit.
    m_session.document().change(chosen.request.mapping, tr("Convert with open keys"));
    m_session.settings().setLastFolder(QStringLiteral("convert"),
                                       QString::fromStdString(chosen.request.destination.parent_path().string()));
    m_job = m_session.jobs().start(
        this, QStringLiteral("convert"), tr("Converting"), [chosen](const Progress &progress) { return carryOut(chosen, progress); },
        [this](const ConvertOutcome &outcome) {
            m_job = nullptr;
            Q_EMIT converted(outcome);
            accept();
        });
    connect(m_job, &Job::progressed, this, [this](double fraction, const QString &what) {
        m_progress->setValue(static_cast<int>(fraction * progressSteps));
        const QString left = m_job ? m_job->timeLeft() : QString();
        m_doing->setText(left.isEmpty() ? what : what + QStringLiteral(" · ") + left);
    });
    connect(m_job, &Job::failed, this, &ConvertDialog::stopped);
    connect(m_job, &Job::cancelled, this, [this] { stopped(tr("Cancelled. Nothing was written.")); });
    setConverting(true);
}

void ConvertDialog::stopped(const QString &sentence)
{
    m_job = nullptr;
    setConverting(false);
    QPalette red = palette();
    red.setColor(QPalette::WindowText, Theme::of(red).status(Status::Missing).foreground);
    m_error->setPalette(red);
    m_error->setText(sentence);
    m_error->setToolTip(sentence);
    m_state->setCurrentIndex(Failed);
}

void ConvertDialog::setConverting(bool converting)
{
    m_gate->setEnabled(!converting);
    m_write->setEnabled(!converting);
    m_progress->setValue(0);
    m_doing->setText(tr("Converting"));
    m_state->setCurrentIndex(converting ? Progressing : Note);
    m_cancel->setText(converting ? tr("Stop") : tr("Cancel"));
    updateTexts();
}

void ConvertDialog::reject()
{
    if (m_job)
        m_job->cancel();
    else
        QDialog::reject();
}

} // namespace rekey::ui
