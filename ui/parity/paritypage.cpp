// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritypage.h"

#include "ui/document/session.h"
#include "ui/parity/depthplot.h"
#include "ui/parity/layerpanel.h"
#include "ui/parity/layersmodel.h"
#include "ui/parity/parityfiles.h"
#include "ui/parity/paritylegend.h"
#include "ui/parity/paritystatus.h"
#include "ui/parity/paritytable.h"
#include "ui/parity/paritytoolbar.h"
#include "ui/parity/verdictline.h"
#include "ui/parity/weightsmodel.h"
#include "ui/segment/imagestrip.h"
#include "ui/theme/displaytext.h"
#include "ui/views/bottompanel.h"
#include "ui/views/emptystate.h"
#include "ui/views/maptoolbar.h"
#include "ui/window/notice.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/statusline.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QInputDialog>
#include <QLocale>
#include <QSplitter>
#include <QStackedWidget>

#include <utility>

namespace rekey::ui {

namespace {

constexpr int panelWidth = 384;

/// The demo's first photo with its prompts, until the Segment room says another.
ParityPicture firstDemoPicture()
{
    const QList<StripPicture> pictures = demoPictures();
    if (pictures.isEmpty())
        return {};
    PromptModel prompts;
    prompts.reset(pictures.first().prompts);
    return {pictures.first().path, prompts.forModels()};
}

QString pictureText(const ParityPicture &picture)
{
    if (picture.path.empty())
        return {};
    const Prompts &given = picture.prompts;
    const std::size_t prompts = given.points.size() + (given.box ? 1 : 0) + (given.maskLogits.empty() ? 0 : 1);
    const QString name = QString::fromStdString(picture.path.filename().string());
    if (prompts == 0)
        return ParityPage::tr("%1, encoder only").arg(name);
    return prompts == 1 ? ParityPage::tr("%1, 1 prompt").arg(name) : ParityPage::tr("%1, %2 prompts").arg(name).arg(prompts);
}

QStringList layerNames(const ActivationParity &parity)
{
    QStringList names;
    for (const LayerParityRow &row : parity.rows)
        names << keyText(row.layer);
    return names;
}

} // namespace

ParityPage::ParityPage(Session &session, QWidget *parent)
    : ParityPage(session, coreParityDoor(), parent)
{
}

ParityPage::ParityPage(Session &session, ParityDoor door, QWidget *parent)
    : Room(parent)
    , m_session(session)
    , m_run(session, std::move(door))
    , m_pictureSource(firstDemoPicture)
    , m_toolBar(new ParityToolBar(this))
    , m_status(new StatusLine(this))
    , m_stack(new QStackedWidget(this))
    , m_layersModel(new LayersModel(this))
    , m_weightsModel(new WeightsModel(this))
    , m_notice(new Notice(this))
{
    m_toolBar->hide();
    m_status->hide();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(makePage());
    makeActions();
    connectParts();
    followRun();
}

ParityPage::~ParityPage()
{
    // The run answers to widgets that go before it.
    disconnect(&m_run, nullptr, this, nullptr);
}

QWidget *ParityPage::toolBarWidget()
{
    return m_toolBar;
}
QWidget *ParityPage::statusWidget()
{
    return m_status;
}

QWidget *ParityPage::makeEmpty()
{
    m_empty = new EmptyState(QStringLiteral("parity"));
    m_emptyAction = new PageButton(PageButton::Look::Primary, tr("Check parity"), QStringLiteral("run"));
    m_emptyRecorded = new PageButton(PageButton::Look::Outlined, tr("Recorded activations…"), QStringLiteral("layers"));
    m_empty->addButton(m_emptyAction);
    m_empty->addButton(m_emptyRecorded);
    m_emptyFiles = new PageButton(PageButton::Look::Outlined, tr("Two files of activations…"), QStringLiteral("layers"));
    m_empty->addButton(m_emptyFiles);
    connect(m_emptyFiles, &QAbstractButton::clicked, this, [this] { chooseReference(ParityReference::Kind::Files); });
    connect(m_emptyAction, &QAbstractButton::clicked, this, &ParityPage::actOnEmpty);
    connect(m_emptyRecorded, &QAbstractButton::clicked, this, [this] { chooseReference(ParityReference::Kind::Recorded); });
    return m_empty;
}

QWidget *ParityPage::makePage()
{
    auto *page = new QWidget;
    page->setAutoFillBackground(true);
    page->setBackgroundRole(QPalette::Base);
    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_verdict = new VerdictLine;
    column->addWidget(m_verdict);
    m_upper = new QSplitter(Qt::Horizontal);
    m_upper->setChildrenCollapsible(false);
    m_upper->addWidget(makePlot());
    m_layer = new LayerPanel;
    m_layer->setMinimumWidth(240);
    m_upper->addWidget(m_layer);
    m_upper->setStretchFactor(0, 1);
    m_upper->setStretchFactor(1, 0);
    m_upper->setSizes({1056, panelWidth});
    auto *rows = new QSplitter(Qt::Vertical);
    rows->setChildrenCollapsible(false);
    rows->addWidget(m_upper);
    rows->addWidget(makeTables());
    rows->setStretchFactor(0, 2);
    rows->setStretchFactor(1, 3);
    rows->setSizes({310, 420});
    column->addWidget(rows, 1);
    return page;
}

QWidget *ParityPage::makePlot()
{
    auto *part = new QWidget;
    auto *column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    auto *head = new PanelHeader(tr("Error over depth"), QStringLiteral("parity"));
    head->setDetail(tr("largest difference, relative, log scale"));
    head->addTrailing(new ParityLegend);
    m_plot = new DepthPlot;
    column->addWidget(head);
    column->addWidget(m_plot, 1);
    return part;
}

QWidget *ParityPage::makeTables()
{
    auto *part = new QWidget;
    auto *column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_tabs = new PanelTabs;
    m_tabs->addTab(QStringLiteral("layers"), tr("Layers"));
    m_tabs->addTab(QStringLiteral("tensor"), tr("Weights"));
    m_which = new SegmentedSwitch({{tr("All"), {}, {}}, {tr("Only differences"), {}, tr("Leave out what is equal or within tolerance")}});
    m_which->setSmall(true);
    m_which->setAccessibleName(tr("Rows shown"));
    m_filter = new FilterField(tr("Filter"));
    m_filter->setAccessibleName(tr("Filter"));
    m_filter->setFixedSize(200, 24);
    auto *row = new QHBoxLayout(m_tabs);
    row->setContentsMargins(0, 0, 12, 0);
    row->setSpacing(8);
    row->addStretch();
    row->addWidget(m_which);
    row->addWidget(m_filter);
    m_layers = new ParityTable(m_layersModel, {48, 340, 112, 96, 84, 148});
    m_layers->setAccessibleName(tr("Layers"));
    m_weights = new ParityTable(m_weightsModel, {470, 64, 148, 140, 132, 100});
    m_weights->setAccessibleName(tr("Weights"));
    m_tables = new QStackedWidget;
    m_tables->addWidget(m_layers);
    m_tables->addWidget(m_weights);
    m_noLayers = new EmptyState(QStringLiteral("layers"));
    m_noLayers->setText(tr("Only weights were compared"),
                        tr("Choose the original model on a picture, or recorded activations, to compare layer by layer."));
    m_noWeights = new EmptyState(QStringLiteral("tensor"));
    m_noWeights->setText(tr("No weights were compared"), tr("The reference's weights are not at hand: a file of activations holds none."));
    m_tables->addWidget(m_noLayers);
    m_tables->addWidget(m_noWeights);
    column->addWidget(m_tabs);
    column->addWidget(m_tables, 1);
    return part;
}

void ParityPage::makeActions()
{
    m_runAction = addRoomAction(tr("Check parity"), QStringLiteral("run"), Qt::Key_F5, [this] { m_run.start(); });
    addRoomAction(tr("Compare with recorded activations…"), QStringLiteral("layers"), {},
                  [this] { chooseReference(ParityReference::Kind::Recorded); });
    addRoomAction(tr("Compare two files of activations…"), QStringLiteral("layers"), {},
                  [this] { chooseReference(ParityReference::Kind::Files); });
    addRoomAction(tr("Compare with a checkpoint…"), QStringLiteral("checkpoint"), {},
                  [this] { chooseReference(ParityReference::Kind::Checkpoint); });
    addRoomAction(tr("Save capture script…"), QStringLiteral("script"), {}, [this] { askCaptureScript(); });
    m_reportAction = addRoomAction(tr("Save parity report…"), QStringLiteral("export"), {}, [this] { askReport(); });
}

void ParityPage::connectParts()
{
    connect(m_toolBar, &ParityToolBar::kindChosen, this, &ParityPage::chooseReference);
    connect(m_toolBar, &ParityToolBar::pictureAsked, this, &ParityPage::segmentAsked);
    connect(m_toolBar, &ParityToolBar::toleranceChosen, &m_run, &ParityRun::setTolerance);
    connect(m_toolBar, &ParityToolBar::ownToleranceAsked, this, &ParityPage::askTolerance);
    connect(m_toolBar, &ParityToolBar::captureAsked, this, &ParityPage::askCaptureScript);
    connect(m_toolBar, &ParityToolBar::reportAsked, this, &ParityPage::askReport);
    connect(m_toolBar, &ParityToolBar::runAsked, &m_run, &ParityRun::start);
    connect(m_toolBar, &ParityToolBar::cancelAsked, &m_run, &ParityRun::cancel);
    connect(m_status, &StatusLine::cancelClicked, &m_run, &ParityRun::cancel);
    connect(&m_run, &ParityRun::changed, this, &ParityPage::followRun);
    connect(&m_run, &ParityRun::finished, this, &ParityPage::showResult);
    connect(m_plot, &DepthPlot::chosen, this, &ParityPage::chooseLayer);
    connect(m_layers, &ParityTable::rowChosen, this, &ParityPage::chooseLayer);
    connect(m_layers, &ParityTable::rowActivated, this, [this](int row) {
        if (m_shown && m_shown->layers && !m_shown->layers->rows[static_cast<std::size_t>(row)].rules.empty())
            Q_EMIT rulesAsked(m_shown->layers->rows[static_cast<std::size_t>(row)].rules);
    });
    connect(m_weights, &ParityTable::rowActivated, this, &ParityPage::askRulesOfWeight);
    connect(m_layer, &LayerPanel::rulesAsked, this, &ParityPage::rulesAsked);
    connect(m_verdict, &VerdictLine::rulesAsked, this, [this] { Q_EMIT rulesAsked(headline(*m_shown).rules); });
    connect(m_verdict, &VerdictLine::referenceAsked, this, [this] { chooseReference(ParityReference::Kind::Checkpoint); });
    connect(m_tabs, &PanelTabs::chosen, this, &ParityPage::showTable);
    connect(m_which, &SegmentedSwitch::currentChanged, this, [this](int index) {
        for (ParityTable *table : {m_layers, m_weights})
            table->filter().setFindingsOnly(index == 1);
    });
    connect(m_filter, &QLineEdit::textChanged, this, [this](const QString &text) {
        for (ParityTable *table : {m_layers, m_weights})
            table->filter().setWords(text);
    });
}

bool ParityPage::focusFilter()
{
    if (m_stack->currentIndex() == 0)
        return false;
    m_filter->setFocus(Qt::ShortcutFocusReason);
    m_filter->selectAll();
    return true;
}

void ParityPage::activated()
{
    m_run.setPicture(m_pictureSource());
    if (m_conditionsSource)
        m_run.setConditions(m_conditionsSource());
    followRun();
    // The button that was not ready when the page was given the focus.
    if (m_emptyRecorded->hasFocus() && m_emptyAction->isVisible())
        m_emptyAction->setFocus(Qt::OtherFocusReason);
}

void ParityPage::chooseReference(ParityReference::Kind kind)
{
    if (const std::optional<ParityReference> reference = askReference(this, m_session.settings(), kind))
        compareWith(*reference);
}

void ParityPage::compareWith(const ParityReference &reference)
{
    m_run.setReference(reference);
    m_run.start();
}

void ParityPage::askTolerance()
{
    bool given = false;
    const QString text
        = QInputDialog::getText(this, tr("Tolerance"), tr("Largest error that a layer of its own may have, relative to its largest value:"),
                                QLineEdit::Normal, QString::number(m_run.tolerance()), &given);
    bool isNumber = false;
    const double value = QLocale::c().toDouble(text.trimmed(), &isNumber);
    if (given && isNumber && value > 0)
        m_run.setTolerance(value);
    else if (given)
        m_notice->say(tr("“%1” is no tolerance: a number above 0 was expected, such as 1e-4.").arg(text), true);
    followRun();
}

void ParityPage::askReport()
{
    if (const QString file = askReportFile(this, m_session); m_shown && !file.isEmpty())
        saveReport(file);
}

void ParityPage::saveReport(const QString &file)
{
    Job *job = writeReport(m_session.jobs(), this, m_shown, file, [this, file] { m_notice->saved(file); });
    connect(job, &Job::failed, m_notice, [this](const QString &error) { m_notice->say(error, true); });
}

void ParityPage::askCaptureScript()
{
    if (const QString file = askCaptureFile(this, m_session); !file.isEmpty())
        saveCaptureScript(file);
}

void ParityPage::saveCaptureScript(const QString &file)
{
    Job *job = writeCaptureScript(m_session.jobs(), this, file, [this, file] { m_notice->saved(file); });
    connect(job, &Job::failed, m_notice, [this](const QString &error) { m_notice->say(error, true); });
}

void ParityPage::showTable(int index)
{
    m_tabs->setCurrent(index);
    const bool layers = m_shown && m_shown->layers, weights = m_shown && m_shown->weights;
    m_tables->setCurrentWidget(index == 0 ? (layers ? static_cast<QWidget *>(m_layers) : m_noLayers)
                                          : (weights ? static_cast<QWidget *>(m_weights) : m_noWeights));
}

void ParityPage::setOnlyDifferences(bool on)
{
    m_which->setCurrent(on ? 1 : 0);
}

void ParityPage::chooseLayer(int row)
{
    m_plot->setCurrent(row);
    m_layers->setCurrentRow(row);
    m_layer->setLayer(m_shown, row);
}

void ParityPage::askRulesOfWeight(int row)
{
    if (!m_shown || !m_shown->weights)
        return;
    const WeightParityRow &weight = m_shown->weights->rows[static_cast<std::size_t>(row)];
    if (weight.rule != none)
        Q_EMIT rulesAsked({weight.rule});
}

void ParityPage::showResult()
{
    if (!m_run.error().isEmpty() && m_run.result())
        m_notice->say(m_run.error(), true);
    if (m_run.result() == m_shown)
        return followRun();
    m_shown = m_run.result();
    m_layersModel->setResult(m_shown);
    m_weightsModel->setResult(m_shown);
    m_notice->hide();
    const bool layers = m_shown && m_shown->layers, weights = m_shown && m_shown->weights;
    m_upper->setVisible(layers);
    m_tabs->setBadge(0, layers ? countText(m_shown->layers->rows.size()) : QString());
    m_tabs->setBadge(1, weights ? countText(m_shown->weights->rows.size()) : QString());
    if (layers)
        m_plot->setErrors(m_shown->layers->errorOverDepth(), layerNames(*m_shown->layers), m_shown->layers->tolerance,
                          m_shown->layers->firstDivergence);
    else
        m_plot->clear();
    m_layer->setLayer(m_shown, -1);
    if (m_shown) {
        showTable(layers ? 0 : 1);
        const int row = headline(*m_shown).row;
        if (layers && row >= 0)
            chooseLayer(row);
        else if (!layers && row >= 0)
            m_weights->setCurrentRow(row);
    }
    followRun();
}

void ParityPage::followRun()
{
    if (Job *job = m_run.job())
        connect(job, &Job::progressed, this, &ParityPage::updateStatus, Qt::UniqueConnection);
    m_stack->setCurrentIndex(m_shown ? 1 : 0);
    if (m_shown)
        m_verdict->setHeadline(headline(*m_shown), m_run.isOutOfDate());
    else
        updateEmpty();
    m_toolBar->setReference(m_run.reference(), pictureText(m_run.picture()));
    m_toolBar->setTolerance(m_run.tolerance(), m_run.reference().isLayerByLayer());
    updateStatus();
}

void ParityPage::updateEmpty()
{
    const QString blocked = m_run.blocked();
    const bool open = m_session.checkpoint(Side::Source) != nullptr;
    m_emptyAction->setVisible(!m_run.isRunning());
    m_emptyRecorded->setVisible(open && !m_run.isRunning());
    m_emptyFiles->setVisible(!open && !m_run.isRunning());
    if (m_run.isRunning()) {
        m_empty->setText(tr("Comparing…"), tr("Layers, errors and the first divergence appear here."));
    } else if (!m_run.error().isEmpty()) {
        m_empty->setText(tr("The comparison did not finish"), m_run.error());
        m_emptyAction->setText(tr("Try again"));
    } else if (m_run.reference().kind == ParityReference::Kind::Files) {
        m_empty->setText(tr("See where two recordings part"),
                         tr("Layers of equal names are compared, others by order and shape. No model runs, so that errors add up."));
        m_emptyAction->setText(tr("Check parity"));
    } else if (!open) {
        m_empty->setText(
            tr("Open a pair to see where it parts"),
            tr("Weights are compared tensor by tensor, computations layer by layer; the first divergence leads to the rules behind it."));
        m_emptyAction->setText(tr("Open the demo"));
    } else if (!blocked.isEmpty()) {
        m_empty->setText(tr("Not yet comparable"), blocked);
        m_emptyAction->setText(tr("Go to Map"));
        m_emptyAction->setVisible(m_run.needsMap());
    } else {
        m_empty->setText(
            tr("See where the converted model parts from the original"),
            tr("Both are fed %1. Each layer is compared twice: with all that went before it, and alone, fed the original's input.")
                .arg(pictureText(m_run.picture())));
        m_emptyAction->setText(tr("Check parity"));
    }
    m_emptyAction->updateGeometry();
}

void ParityPage::actOnEmpty()
{
    if (m_run.needsMap())
        Q_EMIT mapAsked();
    else if (m_run.blocked().isEmpty())
        m_run.start();
    else
        m_session.openDemo();
}

void ParityPage::updateStatus()
{
    showStatus(m_run, m_shown.get(), *m_status);
    const bool mayRun = m_run.blocked().isEmpty() && !m_run.isRunning();
    m_toolBar->setState(mayRun, m_run.isRunning(), m_shown != nullptr);
    allow(m_runAction, mayRun);
    allow(m_reportAction, m_shown != nullptr);
}

} // namespace rekey::ui
