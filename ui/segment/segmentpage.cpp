// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentpage.h"

#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/module/modulewindow.h"
#include "ui/segment/behaviourpanel.h"
#include "ui/segment/candidatepanel.h"
#include "ui/segment/canvas.h"
#include "ui/segment/canvascard.h"
#include "ui/segment/canvaspair.h"
#include "ui/segment/computepanel.h"
#include "ui/segment/everythingpanel.h"
#include "ui/segment/everythingrun.h"
#include "ui/segment/maskactions.h"
#include "ui/segment/modeloffer.h"
#include "ui/segment/picturepanel.h"
#include "ui/segment/promptpanel.h"
#include "ui/segment/segmentside.h"
#include "ui/segment/segmentstatus.h"
#include "ui/segment/viewstate.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/emptystate.h"
#include "ui/window/notice.h"
#include "ui/window/pagebutton.h"
#include "ui/window/statusline.h"

#include <QDragEnterEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QStackedWidget>
#include <QTimer>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int hoverDelay = 90;

/// What a card says of prompts is not what is seen while everything is shown.
void showEverythingIn(CardView &view, const EverythingAnswer *answer, bool outOfDate)
{
    view.outOfDate = outOfDate;
    view.trailing
        = answer != nullptr && answer->result
              ? SegmentPage::tr("%1 masks · %2").arg(countText(answer->result->masks.size()), durationText(answer->result->milliseconds))
              : QString();
    if (view.action == CardAction::Run || view.action == CardAction::None)
        view.message = view.actionText = QString();
    if (answer != nullptr && !answer->error.isEmpty()) {
        view.messageStatus = Status::Missing;
        view.messageIcon = QStringLiteral("error");
        view.message = answer->error;
    }
}

} // namespace

SegmentPage::SegmentPage(Session &session, QWidget *parent)
    : SegmentPage(session, runtimeDoor(), parent)
{
}

SegmentPage::SegmentPage(Session &session, SegmentDoor door, QWidget *parent)
    : Room(parent)
    , m_session(session)
    , m_run(session.jobs(), std::move(door))
    , m_everything(new EverythingRun(session.jobs(), m_run, this))
    , m_toolBar(new SegmentToolBar)
    , m_status(new StatusLine)
    , m_stack(new QStackedWidget(this))
    , m_canvases(new CanvasPair(m_prompts))
    , m_candidates(new CandidatePanel(m_run))
    , m_pictures(new PicturePanel(session.jobs(), session.settings()))
    , m_side(new SegmentSide(session.jobs(), m_run, *m_everything, m_prompts))
    , m_maskActions(new MaskActions(session, m_run, *m_everything, this))
    , m_notice(new Notice(this))
    , m_hover(new QTimer(this))
{
    m_toolBar->setParent(this);
    m_toolBar->hide();
    m_status->setParent(this);
    m_status->hide();
    setAcceptDrops(true);
    setFocusPolicy(Qt::ClickFocus);
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    m_stack->addWidget(makeEmpty());
    m_stack->addWidget(makePage());

    m_hover->setSingleShot(true);
    m_hover->setInterval(hoverDelay);
    makeActions();
    connectToolBar();
    connectSession();
    connectRun();
    connectBehaviour();
    connectCanvases();
    updateModels();
    updateCards();
}

SegmentPage::~SegmentPage()
{
    // The run answers to widgets that go before it.
    disconnect(&m_run, nullptr, this, nullptr);
    disconnect(&m_prompts, nullptr, this, nullptr);
    disconnect(&m_prompts.undoStack(), nullptr, this, nullptr);
    disconnect(m_everything, nullptr, this, nullptr);
}

CanvasCard &SegmentPage::originalCard() const
{
    return m_canvases->card(Which::Original);
}

CanvasCard &SegmentPage::convertedCard() const
{
    return m_canvases->card(Which::Converted);
}

QWidget *SegmentPage::toolBarWidget()
{
    return m_toolBar;
}
QWidget *SegmentPage::statusWidget()
{
    return m_status;
}

QWidget *SegmentPage::makeEmpty()
{
    auto *empty = new EmptyState(QStringLiteral("segment"));
    empty->setText(
        tr("Open a checkpoint to run it"),
        tr("The source runs as the original. The target, filled through the rules, runs as the converted model on the same picture."));
    auto *demo = new PageButton(PageButton::Look::Primary, tr("Open the demo"), QStringLiteral("run"));
    connect(demo, &QAbstractButton::clicked, &m_session, &Session::openDemo);
    auto *module = new PageButton(PageButton::Look::Outlined, tr("Run a TorchScript module…"), QStringLiteral("script"));
    connect(module, &QAbstractButton::clicked, this, [this] { moduleWindow().show(); });
    empty->addButton(demo);
    empty->addButton(module);
    return empty;
}

QWidget *SegmentPage::makePage()
{
    auto *main = new QWidget;
    auto *grid = new QGridLayout(main);
    grid->setContentsMargins(16, 16, 16, 12);
    grid->setVerticalSpacing(16);
    grid->setHorizontalSpacing(32);
    grid->addWidget(m_canvases, 0, 0, 1, 2);
    grid->addWidget(m_candidates, 1, 0);
    grid->addWidget(m_pictures, 1, 1);
    grid->setRowStretch(0, 1);
    grid->setColumnStretch(0, 55);
    grid->setColumnStretch(1, 45);

    auto *page = new QWidget;
    auto *row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(main, 1);
    row->addWidget(m_side);
    return page;
}

void SegmentPage::makeActions()
{
    m_runAction = addRoomAction(tr("Run both"), QStringLiteral("run"), Qt::Key_F5, [this] { runAsked(); });
    addRoomAction(tr("Open image…"), QStringLiteral("photo"), {}, [this] { m_pictures->openDialog(); });
    addRoomAction(tr("Show the whole picture"), QStringLiteral("zoom-fit"), QKeySequence(Qt::CTRL | Qt::Key_0),
                  [this] { m_canvases->view().fit(); });
    addRoomAction(tr("Clear prompts"), QStringLiteral("close"), {}, [this] { m_prompts.clear(); });
    m_maskPromptAction = addRoomAction(tr("Use mask as prompt"), QStringLiteral("mask"), Qt::Key_M, [this] { promptWithMask(); });
    listActions(m_maskActions->actions());
    addRoomAction(tr("Run a TorchScript module…"), QStringLiteral("script"), {}, [this] { moduleWindow().show(); });
}

void SegmentPage::connectToolBar()
{
    connect(m_toolBar, &SegmentToolBar::runClicked, this, &SegmentPage::runAsked);
    connect(m_toolBar, &SegmentToolBar::openClicked, m_pictures, &PicturePanel::openDialog);
    connect(m_toolBar, &SegmentToolBar::fitClicked, &m_canvases->view(), &ViewState::fit);
    connect(m_toolBar, &SegmentToolBar::undoClicked, &m_prompts.undoStack(), &QUndoStack::undo);
    connect(m_toolBar, &SegmentToolBar::redoClicked, &m_prompts.undoStack(), &QUndoStack::redo);
    connect(m_toolBar, &SegmentToolBar::modeChosen, this, &SegmentPage::setMode);
    connect(m_toolBar, &SegmentToolBar::toolChosen, m_canvases, &CanvasPair::setTool);
    connect(m_toolBar, &SegmentToolBar::opacityChanged, m_canvases, &CanvasPair::setMaskOpacity);
    const auto updateUndo = [this] { m_toolBar->setUndoEnabled(m_prompts.undoStack().canUndo(), m_prompts.undoStack().canRedo()); };
    connect(&m_prompts.undoStack(), &QUndoStack::indexChanged, this, updateUndo);
    updateUndo();
}

void SegmentPage::connectSession()
{
    connect(&m_session, &Session::opened, this, &SegmentPage::updateModels);
    connect(&m_session, &Session::demoChanged, this, &SegmentPage::updateModels);
    connect(&m_session, &Session::suggestingChanged, this, &SegmentPage::updateModels);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, &SegmentPage::updateModels);
    connect(m_maskActions, &MaskActions::saved, m_notice, &Notice::saved);
    connect(m_maskActions, &MaskActions::done, m_notice, [this](const QString &text) { m_notice->say(text); });
    connect(m_maskActions, &MaskActions::failed, m_notice, [this](const QString &text) { m_notice->say(text, true); });
}

void SegmentPage::connectRun()
{
    connect(m_pictures, &PicturePanel::chosen, this, &SegmentPage::choosePicture);
    connect(&m_prompts, &PromptModel::promptsChanged, this, &SegmentPage::followPrompts);
    connect(&m_side->prompts(), &PromptPanel::currentChanged, m_canvases, &CanvasPair::setCurrentPrompt);
    connect(&m_run, &SegmentRun::pictureChanged, this, &SegmentPage::followPicture);
    connect(&m_run, &SegmentRun::modelChanged, this, &SegmentPage::updateCards);
    connect(&m_run, &SegmentRun::chosenChanged, this, &SegmentPage::updateCards);
    connect(&m_run, &SegmentRun::runningChanged, this, [this] {
        if (Job *job = m_run.job())
            connect(job, &Job::progressed, this, &SegmentPage::updateStatus, Qt::UniqueConnection);
        updateStatus();
    });
    connect(&m_run, &SegmentRun::previewReady, m_canvases, &CanvasPair::setPreview);
    connect(m_status, &StatusLine::cancelClicked, &m_run, &SegmentRun::cancel);
    connect(m_status, &StatusLine::cancelClicked, m_everything, [this] {
        m_everything->cancel();
        showEverything();
    });
    connect(m_everything, &EverythingRun::changed, this, &SegmentPage::showEverything);
    connect(m_side, &SegmentSide::kindChosen, this, &SegmentPage::showEverything);
    connect(&m_side->everything(), &EverythingPanel::saveAsked, m_maskActions, &MaskActions::saveEverything);
    connect(&m_side->compute(), &ComputePanel::computeChosen, this, [this](const ComputeOptions &compute) {
        m_run.setCompute(compute);
        runIfQuick();
    });
    connect(&m_canvases->view(), &ViewState::settled, this, &SegmentPage::updateStatus);
    connect(m_hover, &QTimer::timeout, this, [this] {
        if (m_pointer && m_prompts.prompts().isEmpty() && m_side->kind() == SegmentTaskKind::Prompts)
            m_run.preview(m_prompts.forModels(Prompt::point(QPointF(*m_pointer))));
    });
}

void SegmentPage::connectBehaviour()
{
    const auto change = [this](auto changed) {
        Behaviour overrides = m_run.behaviourOverrides(Which::Converted);
        changed(overrides);
        m_run.setBehaviour(Which::Converted, overrides);
        runIfQuick();
    };
    connect(&m_side->behaviour(), &BehaviourPanel::overrideChosen, this,
            [change](const QString &key, double value) { change([&](Behaviour &overrides) { overrides[key.toStdString()] = value; }); });
    connect(&m_side->behaviour(), &BehaviourPanel::overrideRemoved, this,
            [change](const QString &key) { change([&](Behaviour &overrides) { overrides.erase(key.toStdString()); }); });
}

void SegmentPage::connectCanvases()
{
    connect(m_canvases, &CanvasPair::prompted, this, [this](const Prompt &prompt) {
        m_side->setKind(SegmentTaskKind::Prompts);
        m_prompts.add(prompt);
    });
    connect(m_canvases, &CanvasPair::promptPressed, &m_side->prompts(), &PromptPanel::setCurrentRow);
    connect(m_canvases, &CanvasPair::pointerMoved, this, [this](Which which, std::optional<QPoint> pixel) {
        if (m_pointer != pixel && m_prompts.prompts().isEmpty())
            m_run.endPreview();
        m_pointer = pixel;
        pointAt(which, pixel);
        m_hover->start();
        updateStatus();
    });
    connect(m_canvases, &CanvasPair::actionClicked, this, [this](Which which) { act(viewOf(which).action); });
}

void SegmentPage::act(CardAction action)
{
    switch (action) {
    case CardAction::None: break;
    case CardAction::OpenImage: m_pictures->openDialog(); break;
    case CardAction::GoToMap: Q_EMIT mapRequested(); break;
    case CardAction::Run: m_run.runBoth(); break;
    }
}

void SegmentPage::begin()
{
    if (m_begun)
        return;
    m_begun = true;
    // The demo's photos are a start for any model.
    if (const auto first = m_pictures->addDemoPictures(); first && m_run.picturePath().empty())
        choosePicture(*first);
}

void SegmentPage::activated()
{
    begin();
    runIfQuick();
}

const Job *SegmentPage::shownJob() const
{
    return m_everything->isRunning() ? m_everything->job() : m_run.job();
}

void SegmentPage::runIfQuick()
{
    if (isVisible() && m_run.canRun() && m_run.runsByItself())
        m_run.runBoth();
}

void SegmentPage::choosePicture(const StripPicture &picture)
{
    m_pictures->strip().setCurrent(picture.path);
    m_run.setPicture(picture.path);
    m_prompts.reset(picture.prompts);
    m_side->prompts().setCurrentRow(0);
}

void SegmentPage::openImage(const std::filesystem::path &path)
{
    m_pictures->open(path);
}

ModuleWindow &SegmentPage::moduleWindow()
{
    if (m_module == nullptr)
        m_module = new ModuleWindow(m_session, this);
    m_module->raise();
    return *m_module;
}

ParityPicture SegmentPage::pictureForParity()
{
    begin();
    return {m_run.picturePath(), m_prompts.forModels()};
}

void SegmentPage::promptWithMask()
{
    for (const Which which : {Which::Original, Which::Converted}) {
        const ModelRun &model = m_run.model(which);
        if (!model.hasResult() || m_run.chosen() >= model.result->masks.size())
            continue;
        // Both models get the same one, so that what differs is theirs.
        const auto &logits = model.result->masks[m_run.chosen()].lowRes;
        return m_prompts.add(Prompt::mask(std::make_shared<const std::vector<float>>(logits), static_cast<int>(m_run.chosen()) + 1));
    }
}

void SegmentPage::followPrompts()
{
    m_run.setPrompts(m_prompts.forModels());
    updateStatus();
}

void SegmentPage::followPicture()
{
    m_candidates->followPicture();
    m_canvases->setPicture(m_run.picture());
    updateCards();
}

void SegmentPage::updateModels()
{
    m_stack->setCurrentIndex(m_session.checkpoint(Side::Source) || m_session.checkpoint(Side::Target) ? 1 : 0);
    ModelOffer original = originalModel(m_session), converted = convertedModel(m_session);
    m_run.setTolerance(converted.tolerance);
    m_run.setModel(Which::Original, std::move(original.weights), original.blocked);
    m_run.setModel(Which::Converted, std::move(converted.weights), converted.blocked);
    runIfQuick();
    updateStatus();
}

CardView SegmentPage::viewOf(Which which)
{
    const bool mayGoToMap = m_session.hasPair() && !m_session.isSuggesting();
    CardView view = cardView(m_run, which, m_canvases->mode(), m_session.name(which == Which::Original ? Side::Source : Side::Target),
                             m_session.document().mapping().rules.size(), mayGoToMap, Theme::of(palette()));
    if (m_side->kind() == SegmentTaskKind::Everything)
        showEverythingIn(view, m_everything->answer(which), m_everything->isOutOfDate());
    return view;
}

void SegmentPage::updateCards()
{
    for (const Which which : {Which::Original, Which::Converted})
        showCard(viewOf(which), m_canvases->card(which));
    m_canvases->showMasks(m_run, m_side->kind() == SegmentTaskKind::Everything);
    m_candidates->follow();
    m_side->follow();
    updateStatus();
}

void SegmentPage::runAsked()
{
    if (m_side->kind() == SegmentTaskKind::Everything)
        m_everything->start();
    else
        m_run.runBoth();
}

void SegmentPage::showEverything()
{
    if (Job *job = m_everything->job())
        connect(job, &Job::progressed, this, &SegmentPage::updateStatus, Qt::UniqueConnection);
    const bool everything = m_side->kind() == SegmentTaskKind::Everything;
    for (const Which which : {Which::Original, Which::Converted}) {
        const EverythingAnswer *answer = m_everything->answer(which);
        m_canvases->card(which).canvas().setOverlay(everything && answer != nullptr ? answer->picture.colours : QImage());
    }
    m_candidates->setEnabled(!everything);
    updateCards();
}

void SegmentPage::pointAt(Which which, const std::optional<QPoint> &pixel)
{
    const EverythingAnswer *answer = m_everything->answer(which);
    if (m_side->kind() == SegmentTaskKind::Everything)
        m_side->everything().setPointed(which, pixel && answer != nullptr ? answer->picture.at(*pixel) : -1);
}

void SegmentPage::updateStatus()
{
    showStatus(m_run, m_everything->job(), !m_prompts.prompts().isEmpty(), m_pointer, m_canvases->view().zoom(), *m_status);
    const bool everything = m_side->kind() == SegmentTaskKind::Everything;
    const bool mayRun = everything ? m_everything->canRun() && !m_everything->isRunning() : m_run.canRun() && !m_run.isRunning();
    m_toolBar->setRunEnabled(mayRun);
    allow(m_runAction, mayRun);
    allow(m_maskPromptAction, m_run.candidates() > 0);
    m_maskActions->follow();
}

void SegmentPage::setMode(CanvasMode mode)
{
    if (mode == m_canvases->mode())
        return;
    m_canvases->setMode(mode);
    m_toolBar->setMode(mode);
    updateCards();
}

void SegmentPage::showEvent(QShowEvent *event)
{
    Room::showEvent(event);
    updateStatus();
}

void SegmentPage::hideEvent(QHideEvent *event)
{
    Room::hideEvent(event);
    m_maskActions->follow();
}

void SegmentPage::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Undo))
        m_prompts.undoStack().undo();
    else if (event->matches(QKeySequence::Redo))
        m_prompts.undoStack().redo();
    else if (event->key() == Qt::Key_Delete)
        m_prompts.remove(m_side->prompts().currentRow());
    else if (event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9)
        m_run.choose(static_cast<std::size_t>(event->key() - Qt::Key_1));
    else if (event->key() == Qt::Key_Space)
        m_canvases->setMaskShown(false);
    else
        Room::keyPressEvent(event);
}

void SegmentPage::keyReleaseEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat())
        m_canvases->setMaskShown(true);
    Room::keyReleaseEvent(event);
}

void SegmentPage::dragEnterEvent(QDragEnterEvent *event)
{
    // Checkpoints are the window's to take.
    if (!PicturePanel::pictureOf(event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void SegmentPage::dropEvent(QDropEvent *event)
{
    const QUrl url = PicturePanel::pictureOf(event->mimeData());
    if (url.isEmpty())
        return;
    event->acceptProposedAction();
    openImage(url.toLocalFile().toStdString());
}

void SegmentPage::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange && m_runAction != nullptr)
        updateCards();
    Room::changeEvent(event);
}

} // namespace rekey::ui
