// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/module/modulewindow.h"

#include "ui/document/session.h"
#include "ui/inspect/statisticstable.h"
#include "ui/module/preparationpanel.h"
#include "ui/segment/picturepanel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/emptystate.h"
#include "ui/window/card.h"
#include "ui/window/labels.h"
#include "ui/window/notice.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/settings.h"
#include "ui/window/statusline.h"
#include "ui/window/strip.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLocale>
#include <QScrollArea>
#include <QSpinBox>
#include <QStackedWidget>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr QSize usualSize(1180, 760);
constexpr int sideWidth = 328;
enum Page : int { Empty, Consent, Running };

QWidget *titled(PanelHeader *head, QWidget *view)
{
    auto *card = new Card(head);
    card->setContent(view);
    return card;
}

QString outputName(const ScriptOutput &output)
{
    const QString shape = shapeText(output.shape);
    return output.name.empty() ? shape : QStringLiteral("%1, %2").arg(keyText(output.name), shape);
}

} // namespace

ModuleWindow::ModuleWindow(Session &session, QWidget *parent)
    : ModuleWindow(session, runtimeModuleDoor(), parent)
{
}

ModuleWindow::ModuleWindow(Session &session, ModuleDoor door, QWidget *parent)
    : QWidget(parent, Qt::Window)
    , m_session(session)
    , m_run(session.jobs(), std::move(door))
    , m_stack(new QStackedWidget)
    , m_status(new StatusLine)
{
    setWindowTitle(tr("TorchScript module — Rekey"));
    resize(usualSize);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_stack, 1);
    auto *strip = new Strip(m_status->height(), Qt::TopEdge);
    auto *line = new QHBoxLayout(strip);
    line->setContentsMargins(0, 0, 0, 0);
    line->addWidget(m_status);
    column->addWidget(strip);
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(makeConsent());
    m_stack->addWidget(makePage());
    m_notice = new Notice(this);
    connectParts();
    if (const auto first = m_pictures->addDemoPictures())
        choosePicture(first->path);
    followRun();
}

ModuleWindow::~ModuleWindow()
{
    disconnect(&m_run, nullptr, this, nullptr);
}

QWidget *ModuleWindow::makeEmpty()
{
    auto *empty = new EmptyState(QStringLiteral("script"));
    empty->setText(tr("Run any TorchScript module"), tr("A file that torch.jit.save wrote, on a picture: as a mask, a heat map, class "
                                                        "scores or feature colours. You are asked before its code runs."));
    auto *open = new PageButton(PageButton::Look::Primary, tr("Open module…"), QStringLiteral("open"));
    connect(open, &QAbstractButton::clicked, this, &ModuleWindow::askFile);
    empty->addButton(open);
    return empty;
}

QWidget *ModuleWindow::makeConsent()
{
    m_consentText = new EmptyState(QStringLiteral("warning"));
    m_consent = new PageButton(PageButton::Look::Primary, tr("Run its code"), QStringLiteral("run"));
    auto *other = new PageButton(PageButton::Look::Outlined, tr("Choose another file…"));
    m_consentText->addButton(other);
    m_consentText->addButton(m_consent);
    connect(m_consent, &QAbstractButton::clicked, this, &ModuleWindow::giveConsent);
    connect(other, &QAbstractButton::clicked, this, &ModuleWindow::askFile);
    return m_consentText;
}

QWidget *ModuleWindow::makePage()
{
    auto *page = new QWidget;
    auto *row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    auto *main = new QWidget;
    auto *column = new QVBoxLayout(main);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(16);
    auto *views = new QHBoxLayout;
    views->setSpacing(12);
    m_picture = new OutputView;
    m_picture->setAccessibleName(tr("Picture"));
    m_output = new OutputView;
    m_output->setAccessibleName(tr("Output"));
    m_outputHead = new PanelHeader(tr("Output"), QStringLiteral("mask"));
    views->addWidget(titled(new PanelHeader(tr("Picture"), QStringLiteral("photo")), m_picture), 1);
    views->addWidget(titled(m_outputHead, m_output), 1);
    m_pictures = new PicturePanel(m_session.jobs(), m_session.settings());
    m_pictures->setRows(1);
    column->addLayout(views, 1);
    column->addWidget(m_pictures);
    row->addWidget(main, 1);
    row->addWidget(makeSide());
    return page;
}

QWidget *ModuleWindow::makeSide()
{
    auto *side = new QWidget;
    side->setAutoFillBackground(true);
    side->setBackgroundRole(QPalette::Base);
    auto *column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_moduleHead = new PanelHeader(tr("Module"), QStringLiteral("script"));
    auto *another = new PageButton(PageButton::Look::Link, tr("Open…"));
    connect(another, &QAbstractButton::clicked, this, &ModuleWindow::askFile);
    m_moduleHead->addTrailing(another);
    column->addWidget(m_moduleHead);
    auto *module = new QVBoxLayout;
    module->setContentsMargins(12, 8, 12, 12);
    module->setSpacing(8);
    m_facts = new StatisticsTable({StatisticsTable::Column {}});
    m_facts->setLeftAligned(true);
    m_facts->setNameWidth(72);
    m_fill = new PageButton(PageButton::Look::Outlined, tr("Fill from the source"), QStringLiteral("source"));
    m_fill->setCheckable(true);
    m_runButton = new PageButton(PageButton::Look::Primary, tr("Run"), QStringLiteral("run"));
    m_runButton->setKeyCap(tr("F5"));
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_runButton);
    buttons->addWidget(m_fill);
    buttons->addStretch();
    module->addWidget(m_facts);
    module->addLayout(buttons);
    column->addLayout(module);
    m_preparation = new PreparationPanel(m_run.preparation());
    column->addWidget(m_preparation);
    column->addWidget(makeOutputPart());
    column->addStretch(1);
    auto *scroll = new QScrollArea;
    scroll->setWidget(side);
    scroll->setWidgetResizable(true);
    scroll->setFixedWidth(sideWidth);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return scroll;
}

QWidget *ModuleWindow::makeOutputPart()
{
    auto *part = new QWidget;
    auto *column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(new PanelHeader(tr("Shown")));
    auto *body = new QVBoxLayout;
    body->setContentsMargins(12, 10, 12, 10);
    body->setSpacing(8);
    m_outputs = new QComboBox;
    m_outputs->setFont(secondaryFont());
    m_outputs->setAccessibleName(tr("Output"));
    m_kind = new SegmentedSwitch({{tr("Mask"), {}, tr("Above a threshold")},
                                  {tr("Heat map"), {}, tr("One channel, from dark blue to yellow")},
                                  {tr("Scores"), {}, tr("Classes, best first")},
                                  {tr("Features"), {}, tr("First three principal components as colours")}});
    m_kind->setSmall(true);
    m_kind->setAccessibleName(tr("Shown as"));
    m_channel = new QSpinBox;
    m_channel->setAccessibleName(tr("Channel"));
    m_threshold = new QDoubleSpinBox;
    m_threshold->setRange(-1e6, 1e6);
    m_threshold->setDecimals(3);
    m_threshold->setSingleStep(0.1);
    m_threshold->setAccessibleName(tr("Threshold"));
    const auto row = [&](const QString &title, QWidget *field) {
        auto *widget = new QWidget;
        auto *layout = new QHBoxLayout(widget);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->addWidget(quietLabel(title));
        layout->addStretch();
        field->setFont(secondaryFont());
        field->setFixedWidth(112);
        layout->addWidget(field);
        return widget;
    };
    m_channelRow = row(tr("Channel"), m_channel);
    m_thresholdRow = row(tr("Threshold"), m_threshold);
    m_labelsButton = new PageButton(PageButton::Look::Link, tr("Class names from a file…"));
    body->addWidget(m_outputs);
    body->addWidget(m_kind, 0, Qt::AlignLeft);
    body->addWidget(m_channelRow);
    body->addWidget(m_thresholdRow);
    body->addWidget(m_labelsButton, 0, Qt::AlignLeft);
    column->addLayout(body);
    return part;
}

void ModuleWindow::connectParts()
{
    auto *run = new QAction(tr("Run"), this);
    run->setShortcut(Qt::Key_F5);
    addAction(run);
    connect(run, &QAction::triggered, &m_run, &ModuleRun::start);
    connect(m_runButton, &QAbstractButton::clicked, this, [this] {
        if (m_run.job() == nullptr)
            return m_run.start();
        m_run.cancel();
        followRun();
    });
    connect(m_fill, &QAbstractButton::toggled, this, &ModuleWindow::fillFromSource);
    connect(m_pictures, &PicturePanel::chosen, this, [this](const StripPicture &picture) { choosePicture(picture.path); });
    connect(m_preparation, &PreparationPanel::preparationChanged, &m_run, &ModuleRun::setPreparation);
    connect(m_labelsButton, &QAbstractButton::clicked, this, &ModuleWindow::askLabels);
    connect(m_status, &StatusLine::cancelClicked, this, [this] {
        m_run.cancel();
        followRun();
    });
    connect(&m_run, &ModuleRun::changed, this, &ModuleWindow::followRun);
    connect(&m_run, &ModuleRun::finished, this, &ModuleWindow::showResult);
    connect(&m_run, &ModuleRun::pictureChanged, this, [this] { m_picture->setPicture(m_run.picture()); });
    const auto choose = [this](auto change) {
        if (m_quiet)
            return;
        OutputChoice next = m_choice;
        change(next);
        setChoice(next);
    };
    connect(m_outputs, &QComboBox::activated, this, [this, choose](int index) {
        choose([&](OutputChoice &next) {
            next = {static_cast<std::size_t>(index), likelyKind(m_run.result()->outputs[static_cast<std::size_t>(index)]), 0,
                    next.threshold};
        });
    });
    connect(m_kind, &SegmentedSwitch::currentChanged, this,
            [choose](int index) { choose([index](OutputChoice &next) { next.kind = static_cast<OutputKind>(index); }); });
    connect(m_channel, &QSpinBox::valueChanged, this,
            [choose](int value) { choose([value](OutputChoice &next) { next.channel = static_cast<std::size_t>(value); }); });
    connect(m_threshold, &QDoubleSpinBox::valueChanged, this,
            [choose](double value) { choose([value](OutputChoice &next) { next.threshold = value; }); });
}

void ModuleWindow::askFile()
{
    const QString file
        = QFileDialog::getOpenFileName(this, tr("Open TorchScript module"), m_session.settings().lastFolder(QStringLiteral("open")),
                                       tr("TorchScript modules (*.pt *.pth *.ts *.torchscript *.jit);;All files (*)"));
    if (file.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("open"), QFileInfo(file).absolutePath());
    open(file.toStdString());
}

void ModuleWindow::open(const std::filesystem::path &file)
{
    m_run.setFile(file);
    const QString name = QString::fromStdString(file.filename().string());
    m_consentText->setText(
        tr("%1 is a program").arg(name),
        tr("A TorchScript file holds code. Running it lets that code read and change what you can. Nothing has been executed so far. "
           "Run it only if you trust where it comes from."));
    followRun();
}

void ModuleWindow::giveConsent()
{
    m_run.consent();
    m_run.start();
}

void ModuleWindow::choosePicture(const std::filesystem::path &path)
{
    m_pictures->strip().setCurrent(path);
    m_run.setPicture(path);
}

void ModuleWindow::fillFromSource(bool on)
{
    const CheckpointPtr source = on ? m_session.checkpoint(Side::Source) : nullptr;
    const bool mapped = source && m_session.hasPair() && !m_session.document().mapping().rules.empty();
    m_run.setSource(source, mapped ? std::optional(m_session.document().mapping()) : std::nullopt);
}

void ModuleWindow::askLabels()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open class names"), m_session.settings().lastFolder(QStringLiteral("open")),
                                                      tr("Class names (*.txt *.json);;All files (*)"));
    if (file.isEmpty())
        return;
    Job *job = m_session.jobs().start(
        this, QStringLiteral("labels"), tr("Reading class names"), [file](const Progress &) { return loadLabels(file.toStdString()); },
        [this](std::vector<std::string> labels) {
            m_labels = std::move(labels);
            updateOutput();
        });
    connect(job, &Job::failed, m_notice, [this](const QString &error) { m_notice->say(error, true); });
}

void ModuleWindow::setChoice(const OutputChoice &choice)
{
    if (choice == m_choice)
        return;
    m_choice = choice;
    updateControls();
    updateOutput();
}

void ModuleWindow::showResult()
{
    if (m_run.result()) {
        const std::vector<ScriptOutput> &outputs = m_run.result()->outputs;
        m_quiet = true;
        m_outputs->clear();
        for (const ScriptOutput &output : outputs)
            m_outputs->addItem(outputName(output));
        m_quiet = false;
        // What was looked at stays; of another module, what its shape suggests.
        if (m_choice.output >= outputs.size() || m_run.isOutOfDate())
            m_choice = {};
        if (!outputs.empty() && m_choice == OutputChoice {})
            m_choice.kind = likelyKind(outputs.front());
    }
    if (!m_run.error().isEmpty())
        m_notice->say(m_run.error(), true);
    updateControls();
    updateOutput();
    followRun();
}

void ModuleWindow::updateControls()
{
    const auto result = m_run.result();
    const bool any = result && m_choice.output < result->outputs.size();
    m_quiet = true;
    m_outputs->setCurrentIndex(any ? static_cast<int>(m_choice.output) : -1);
    m_kind->setCurrent(static_cast<int>(m_choice.kind));
    const std::size_t channels = any ? channelCount(result->outputs[m_choice.output]) : 1;
    m_channel->setRange(0, static_cast<int>(std::max<std::size_t>(channels, 1)) - 1);
    m_channel->setValue(static_cast<int>(m_choice.channel));
    m_threshold->setValue(m_choice.threshold);
    m_quiet = false;
    const bool map = m_choice.kind == OutputKind::Mask || m_choice.kind == OutputKind::HeatMap;
    m_channelRow->setVisible(map && channels > 1);
    m_thresholdRow->setVisible(m_choice.kind == OutputKind::Mask);
    m_labelsButton->setVisible(m_choice.kind == OutputKind::Scores);
}

void ModuleWindow::updateOutput()
{
    const auto result = m_run.result();
    if (!result || m_choice.output >= result->outputs.size())
        return m_output->clear(m_run.error().isEmpty() ? tr("The output appears here.") : tr("The module did not run."));
    m_session.jobs().start(
        this, QStringLiteral("output"), tr("Drawing the output"),
        [result, choice = m_choice, labels = m_labels](const Progress &) {
            return outputPicture(result->outputs[choice.output], choice, labels);
        },
        [this](const OutputPicture &picture) {
            m_output->setOutput(picture);
            m_outputHead->setTrailingText(picture.kind == OutputKind::HeatMap && picture.error.isEmpty()
                                              ? tr("%1 to %2").arg(numberText(picture.smallest), numberText(picture.largest))
                                              : QString());
        });
}

void ModuleWindow::followRun()
{
    if (Job *job = m_run.job())
        connect(job, &Job::progressed, this, &ModuleWindow::followRun, Qt::UniqueConnection);
    m_stack->setCurrentIndex(m_run.file().empty() ? Empty : m_run.isConsented() ? Running : Consent);
    const auto result = m_run.result();
    m_moduleHead->setDetail(QString::fromStdString(m_run.file().filename().string()));
    if (m_run.isOutOfDate())
        m_outputHead->setChip(QStringLiteral("warning"), tr("Out of date"), Status::ToReview);
    else
        m_outputHead->clearChip();
    m_fill->setEnabled(m_session.checkpoint(Side::Source) != nullptr);
    m_fill->setToolTip(m_fill->isEnabled() ? tr("Parameters get the open source's values, through the rules where there are some")
                                           : tr("Open a source in the main window to fill the module from it"));
    m_runButton->setText(m_run.job() != nullptr ? tr("Cancel") : tr("Run"));
    m_runButton->setKeyCap(m_run.job() != nullptr ? QString() : tr("F5"));
    m_runButton->setEnabled(m_run.canRun());
    m_runButton->updateGeometry();
    QList<StatisticsTable::Row> rows {{tr("What it is"), {result ? result->description : QStringLiteral("–")}}};
    if (result && m_run.isFilled())
        rows << StatisticsTable::Row {
            tr("Filled"),
            {result->notFilled.empty()
                 ? tr("%1, all").arg(countText(result->filled))
                 : tr("%1, %2 left as they are").arg(countText(result->filled), countText(result->notFilled.size()))}};
    if (result)
        rows << StatisticsTable::Row {tr("Outputs"), {countText(result->outputs.size())}};
    m_facts->setRows(rows);

    if (const Job *job = m_run.job())
        m_status->setProgress(job->fraction(), job->what().isEmpty() ? job->title() : job->title() + QStringLiteral(": ") + job->what());
    else
        m_status->setProgress(std::nullopt);
    if (!m_run.error().isEmpty())
        m_status->setState(QStringLiteral("error"), tr("The module did not run"), Status::Missing);
    else if (result)
        m_status->setState(QStringLiteral("check"), tr("The module ran"), Status::Proven);
    else
        m_status->setState({},
                           m_run.file().empty()  ? tr("No module is open")
                           : m_run.isConsented() ? tr("Not run yet")
                                                 : tr("Nothing was executed"),
                           Status::None);
    m_status->setFacts({}, result ? QStringList {durationText(result->milliseconds)} : QStringList());
}

} // namespace rekey::ui
