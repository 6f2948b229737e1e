// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/segmentpage.h"

#include "ui/document/session.h"
#include "ui/inspect/statisticstable.h"
#include "ui/jobs/job.h"
#include "ui/segment/agreementpanel.h"
#include "ui/segment/behaviourpanel.h"
#include "ui/segment/candidatestrip.h"
#include "ui/segment/canvascard.h"
#include "ui/segment/imagestrip.h"
#include "ui/segment/promptpanel.h"
#include "ui/segment/viewstate.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/emptystate.h"
#include "ui/window/banner.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"
#include "ui/window/settings.h"
#include "ui/window/statusline.h"

#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QMimeData>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int sideWidth = 328;
constexpr int hoverDelay = 90;

bool isPicture(const QUrl &url)
{
    static const QStringList suffixes = {QStringLiteral("jpg"), QStringLiteral("jpeg"), QStringLiteral("png"), QStringLiteral("webp"),
                                         QStringLiteral("bmp"), QStringLiteral("gif"),  QStringLiteral("tif"), QStringLiteral("tiff")};
    return url.isLocalFile() && suffixes.contains(QFileInfo(url.toLocalFile()).suffix().toLower());
}

QUrl pictureOf(const QMimeData *data)
{
    for (const QUrl &url : data->urls())
        if (isPicture(url))
            return url;
    return {};
}

QString fileText(const std::filesystem::path &path)
{
    return QString::fromStdString(path.filename().string());
}

QString rulesText(const QString &name, std::size_t rules)
{
    return rules == 1 ? SegmentPage::tr("%1, from 1 rule").arg(name) : SegmentPage::tr("%1, from %2 rules").arg(name, countText(rules));
}

QString computeText(const Runtime::Info &info)
{
    const QString blas = QString::fromStdString(info.blas);
    return info.threads == 1 ? SegmentPage::tr("1 thread, %1").arg(blas) : SegmentPage::tr("%1 threads, %2").arg(info.threads).arg(blas);
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
    , m_view(new ViewState(this))
    , m_toolBar(new SegmentToolBar)
    , m_status(new StatusLine)
    , m_stack(new QStackedWidget(this))
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

    auto *empty = new EmptyState(QStringLiteral("segment"));
    empty->setText(tr("Open a checkpoint to run it"),
                   tr("The source runs as the original. The target, filled through the rules, runs as the converted model on the same picture."));
    auto *demo = new PageButton(PageButton::Look::Primary, tr("Open the demo"), QStringLiteral("run"));
    connect(demo, &QAbstractButton::clicked, &m_session, &Session::openDemo);
    empty->addButton(demo);
    m_stack->addWidget(empty);

    auto *page = new QWidget;
    auto *row = new QHBoxLayout(page);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    auto *main = new QWidget;
    auto *column = new QVBoxLayout(main);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(16);
    column->addWidget(makeCanvases(), 1);
    column->addWidget(makeBottom());
    row->addWidget(main, 1);
    row->addWidget(makeSide());
    m_stack->addWidget(page);

    m_hover->setSingleShot(true);
    m_hover->setInterval(hoverDelay);
    makeActions();
    connectRun();
    connectCanvas(*m_original);
    connectCanvas(*m_converted);
    updateModels();
    updateCards();
}

SegmentPage::~SegmentPage()
{
    // The run answers to widgets that go before it.
    disconnect(&m_run, nullptr, this, nullptr);
    disconnect(&m_prompts, nullptr, this, nullptr);
}

QWidget *SegmentPage::toolBarWidget() { return m_toolBar; }
QWidget *SegmentPage::statusWidget() { return m_status; }

QWidget *SegmentPage::makeCanvases()
{
    auto *canvases = new QWidget;
    auto *layout = new QHBoxLayout(canvases);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    m_original = new CanvasCard(tr("Original"), QStringLiteral("source"), *m_view, m_prompts);
    m_converted = new CanvasCard(tr("Converted"), QStringLiteral("target"), *m_view, m_prompts);
    layout->addWidget(m_original, 1);
    layout->addWidget(m_converted, 1);
    return canvases;
}

QWidget *SegmentPage::makeBottom()
{
    auto *bottom = new QWidget;
    auto *grid = new QGridLayout(bottom);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(32);
    grid->setVerticalSpacing(8);
    const auto head = [](const QString &left, const QString &right) {
        auto *widget = new QWidget;
        auto *layout = new QHBoxLayout(widget);
        layout->setContentsMargins(0, 0, 0, 0);
        layout->setSpacing(8);
        auto *title = new QLabel(left), *detail = new QLabel(right);
        title->setFont(headerFont());
        detail->setFont(secondaryFont());
        detail->setForegroundRole(QPalette::PlaceholderText);
        detail->setTextFormat(Qt::RichText);
        layout->addWidget(title);
        layout->addWidget(detail);
        layout->addStretch();
        return std::pair{widget, detail};
    };
    const auto [candidatesHead, candidatesDetail] = head(tr("Candidate masks"), {});
    candidatesDetail->setObjectName(QStringLiteral("candidatesDetail"));
    const auto [imagesHead, imagesDetail] = head(tr("Images"), {});
    static_cast<QHBoxLayout *>(imagesHead->layout())->addWidget(imagesDetail);
    imagesDetail->setText(tr("Drop a file anywhere"));
    m_candidates = new CandidateStrip;
    m_images = new ImageStrip(m_session.jobs());
    m_images->setFixedHeight(2 * 98);
    grid->addWidget(candidatesHead, 0, 0);
    grid->addWidget(imagesHead, 0, 1);
    grid->addWidget(m_candidates, 1, 0, Qt::AlignTop);
    grid->addWidget(m_images, 1, 1);
    grid->setColumnStretch(0, 55);
    grid->setColumnStretch(1, 45);
    connect(m_candidates, &CandidateStrip::chosen, this, [this](int index) { m_run.choose(static_cast<std::size_t>(index)); });
    connect(m_images, &ImageStrip::chosen, this, &SegmentPage::choosePicture);
    return bottom;
}

QWidget *SegmentPage::makeSide()
{
    auto *side = new QWidget;
    side->setAutoFillBackground(true);
    side->setBackgroundRole(QPalette::Base);
    auto *layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_promptPanel = new PromptPanel(m_prompts);
    m_agreement = new AgreementPanel;
    m_behaviour = new BehaviourPanel;
    auto *timings = new QWidget;
    auto *timingsLayout = new QVBoxLayout(timings);
    timingsLayout->setContentsMargins(12, 8, 12, 8);
    m_timings = new StatisticsTable({{tr("Original"), ColumnInk::Source, ColumnInk::Text}, {tr("Converted"), ColumnInk::Target, ColumnInk::Text}});
    m_timings->setRowHeight(24);
    m_timings->setAccessibleName(tr("Timings"));
    timingsLayout->addWidget(m_timings);
    layout->addWidget(m_promptPanel);
    layout->addWidget(m_agreement);
    layout->addWidget(m_behaviour);
    layout->addWidget(new PanelHeader(tr("Timings")));
    layout->addWidget(timings);
    layout->addStretch(1);

    auto *scroll = new QScrollArea;
    scroll->setWidget(side);
    scroll->setWidgetResizable(true);
    scroll->setFixedWidth(sideWidth + 1);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *framed = new QWidget;
    auto *framedLayout = new QHBoxLayout(framed);
    framedLayout->setContentsMargins(0, 0, 0, 0);
    framedLayout->setSpacing(0);
    auto *line = new QFrame;
    line->setFixedWidth(1);
    line->setAutoFillBackground(true);
    line->setBackgroundRole(QPalette::Mid);
    framedLayout->addWidget(line);
    framedLayout->addWidget(scroll);
    return framed;
}

void SegmentPage::makeActions()
{
    const auto action = [this](const QString &text, const QString &iconName, const QKeySequence &shortcut, auto slot) {
        auto *result = new QAction(icon(iconName), text, this);
        result->setShortcut(shortcut);
        result->setEnabled(false);
        addAction(result);
        connect(result, &QAction::triggered, this, slot);
        m_actions << result;
    };
    action(tr("Run both"), QStringLiteral("run"), Qt::Key_F5, [this] { m_run.runBoth(); });
    action(tr("Open image…"), QStringLiteral("photo"), {}, [this] { chooseImage(); });
    action(tr("Show the whole picture"), QStringLiteral("zoom-fit"), QKeySequence(Qt::CTRL | Qt::Key_0), [this] { m_view->fit(); });
    action(tr("Clear prompts"), QStringLiteral("close"), {}, [this] { m_prompts.clear(); });
    action(tr("Save mask as PNG…"), QStringLiteral("export"), {}, [this] { saveMask(); });

    connect(m_toolBar, &SegmentToolBar::runClicked, &m_run, &SegmentRun::runBoth);
    connect(m_toolBar, &SegmentToolBar::openClicked, this, &SegmentPage::chooseImage);
    connect(m_toolBar, &SegmentToolBar::fitClicked, m_view, &ViewState::fit);
    connect(m_toolBar, &SegmentToolBar::undoClicked, &m_prompts.undoStack(), &QUndoStack::undo);
    connect(m_toolBar, &SegmentToolBar::redoClicked, &m_prompts.undoStack(), &QUndoStack::redo);
    connect(m_toolBar, &SegmentToolBar::modeChosen, this, &SegmentPage::setMode);
    connect(m_toolBar, &SegmentToolBar::toolChosen, this, [this](CanvasTool tool) {
        m_original->canvas().setTool(tool);
        m_converted->canvas().setTool(tool);
    });
    connect(m_toolBar, &SegmentToolBar::opacityChanged, this, [this](double opacity) {
        m_original->canvas().setMaskOpacity(opacity);
        m_converted->canvas().setMaskOpacity(opacity);
    });
    const auto updateUndo = [this] { m_toolBar->setUndoEnabled(m_prompts.undoStack().canUndo(), m_prompts.undoStack().canRedo()); };
    connect(&m_prompts.undoStack(), &QUndoStack::indexChanged, this, updateUndo);
    updateUndo();
}

void SegmentPage::connectRun()
{
    connect(&m_session, &Session::opened, this, &SegmentPage::updateModels);
    connect(&m_session, &Session::demoChanged, this, &SegmentPage::updateModels);
    connect(&m_session, &Session::suggestingChanged, this, &SegmentPage::updateModels);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, &SegmentPage::updateModels);
    connect(&m_prompts, &PromptModel::promptsChanged, this, [this] {
        m_run.setPrompts(m_prompts.forModels());
        updateStatus();
    });
    connect(m_promptPanel, &PromptPanel::currentChanged, this, [this](int row) {
        m_original->canvas().setCurrentPrompt(row);
        m_converted->canvas().setCurrentPrompt(row);
    });
    connect(&m_run, &SegmentRun::pictureChanged, this, [this] {
        const QImage &picture = m_run.picture();
        m_small = picture.isNull() ? QImage()
                                   : picture.scaled(CandidateStrip::thumbnailSize() * 4, Qt::KeepAspectRatio, Qt::FastTransformation)
                                         .scaled(CandidateStrip::thumbnailSize() * 2, Qt::KeepAspectRatio, Qt::SmoothTransformation);
        m_original->canvas().setPicture(picture);
        m_converted->canvas().setPicture(picture);
        m_view->fit();
        updateCards();
    });
    connect(&m_run, &SegmentRun::modelChanged, this, &SegmentPage::updateCards);
    connect(&m_run, &SegmentRun::chosenChanged, this, &SegmentPage::updateCards);
    connect(&m_run, &SegmentRun::runningChanged, this, [this] {
        if (Job *job = m_run.job())
            connect(job, &Job::progressed, this, &SegmentPage::updateStatus, Qt::UniqueConnection);
        updateStatus();
    });
    connect(&m_run, &SegmentRun::previewReady, this, [this](const MaskPicture &mask) {
        m_original->canvas().setPreview(mask);
        m_converted->canvas().setPreview(mask);
    });
    connect(m_status, &StatusLine::cancelClicked, &m_run, &SegmentRun::cancel);
    connect(m_view, &ViewState::settled, this, &SegmentPage::updateStatus);
    connect(m_behaviour, &BehaviourPanel::overrideChosen, this, [this](const QString &key, double value) {
        Behaviour overrides = m_run.behaviourOverrides(Which::Converted);
        overrides[key.toStdString()] = value;
        m_run.setBehaviour(Which::Converted, overrides);
        runIfQuick();
    });
    connect(m_behaviour, &BehaviourPanel::overrideRemoved, this, [this](const QString &key) {
        Behaviour overrides = m_run.behaviourOverrides(Which::Converted);
        overrides.erase(key.toStdString());
        m_run.setBehaviour(Which::Converted, overrides);
        runIfQuick();
    });
    connect(m_hover, &QTimer::timeout, this, [this] {
        if (m_pointer && m_prompts.prompts().isEmpty())
            m_run.preview(m_prompts.forModels(Prompt::point(QPointF(*m_pointer))));
    });
}

void SegmentPage::connectCanvas(CanvasCard &card)
{
    Canvas &canvas = card.canvas();
    connect(&canvas, &Canvas::prompted, &m_prompts, &PromptModel::add);
    connect(&canvas, &Canvas::promptPressed, m_promptPanel, &PromptPanel::setCurrentRow);
    connect(&canvas, &Canvas::pointerMoved, this, [this](std::optional<QPoint> pixel) {
        if (m_pointer != pixel && m_prompts.prompts().isEmpty())
            m_run.endPreview();
        m_pointer = pixel;
        m_hover->start();
        updateStatus();
    });
    connect(&card.banner(), &Banner::actionClicked, this, [this, which = &card == m_original ? Which::Original : Which::Converted] {
        if (!m_run.pictureError().isEmpty())
            chooseImage();
        else if (m_run.model(which).stage == ModelRun::Stage::Blocked)
            Q_EMIT mapRequested();
        else
            m_run.runBoth();
    });
}

void SegmentPage::activated()
{
    if (!m_begun) {
        m_begun = true;
        // The demo's photos are a start for any model.
        const QList<StripPicture> pictures = demoPictures();
        for (const StripPicture &picture : pictures)
            m_images->add(picture);
        if (!pictures.isEmpty() && m_run.picturePath().empty())
            choosePicture(pictures.first());
    }
    runIfQuick();
}

void SegmentPage::runIfQuick()
{
    if (isVisible() && m_run.canRun() && m_run.runsByItself())
        m_run.runBoth();
}

void SegmentPage::choosePicture(const StripPicture &picture)
{
    m_images->setCurrent(picture.path);
    m_run.setPicture(picture.path);
    m_prompts.reset(picture.prompts);
    m_promptPanel->setCurrentRow(0);
}

void SegmentPage::openImage(const std::filesystem::path &path)
{
    const StripPicture picture{QFileInfo(QString::fromStdString(path.string())).completeBaseName(), path, {}};
    m_images->add(picture);
    for (int row = 0; row < m_images->count(); ++row)
        if (m_images->picture(row).path == path)
            return choosePicture(m_images->picture(row));
}

void SegmentPage::chooseImage()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open image"), m_session.settings().lastFolder(QStringLiteral("image")),
                                                      tr("Pictures (*.jpg *.jpeg *.png);;All files (*)"));
    if (file.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("image"), QFileInfo(file).absolutePath());
    openImage(file.toStdString());
}

void SegmentPage::saveMask()
{
    const ModelRun &converted = m_run.model(Which::Converted);
    const ModelRun &model = converted.hasResult() ? converted : m_run.model(Which::Original);
    if (!model.hasResult() || m_run.chosen() >= model.result->masks.size())
        return;
    const QString name = QString::fromStdString(m_run.picturePath().stem().string()) + QStringLiteral("-mask.png");
    const QString file = QFileDialog::getSaveFileName(this, tr("Save mask"), m_session.settings().lastFolder(QStringLiteral("export")) + QLatin1Char('/') + name,
                                                      tr("PNG pictures (*.png)"));
    if (file.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("export"), QFileInfo(file).absolutePath());
    Job *job = m_session.jobs().start(
        this, QStringLiteral("mask"), tr("Saving the mask"),
        [result = model.result, index = m_run.chosen(), file](const Progress &) {
            // White where the mask is, as other tools expect it.
            std::vector<std::uint8_t> pixels = result->masks[index].pixels;
            std::transform(pixels.begin(), pixels.end(), pixels.begin(), [](std::uint8_t inside) { return inside != 0 ? 255 : 0; });
            savePng(file.toStdString(), result->width, result->height, 1, pixels);
            return true;
        },
        [this, file](bool) { m_status->setState(QStringLiteral("check"), tr("Saved %1").arg(QFileInfo(file).fileName()), Status::Proven); });
    connect(job, &Job::failed, this, [this](const QString &error) { m_status->setState(QStringLiteral("error"), error, Status::Missing); });
}

QString SegmentPage::convertedBlocked() const
{
    if (!m_session.checkpoint(Side::Source))
        return {};
    if (!m_session.checkpoint(Side::Target))
        return tr("Open a target, and the rules that fill it make the converted model.");
    const auto resolution = m_session.document().resolution();
    if (m_session.isSuggesting() || !resolution)
        return tr("Rules are being suggested. The converted model runs when every target key is filled.");
    QStringList open;
    const auto count = [&](TargetStatus status, const QString &word) {
        if (const std::size_t keys = resolution->count(status); keys > 0)
            open << QStringLiteral("%1 %2").arg(countText(keys), word);
    };
    count(TargetStatus::Missing, tr("missing"));
    count(TargetStatus::ToReview, tr("to review"));
    count(TargetStatus::Mismatched, tr("mismatched"));
    count(TargetStatus::Conflicting, tr("conflicting"));
    return tr("The mapping is incomplete: %1 of %2 target keys. Settle them in Map to run the converted model.")
        .arg(open.join(QStringLiteral(", ")), countText(resolution->targets.size()));
}

void SegmentPage::updateModels()
{
    const CheckpointPtr source = m_session.checkpoint(Side::Source), target = m_session.checkpoint(Side::Target);
    m_stack->setCurrentIndex(source || target ? 1 : 0);
    if (source && source->hasValues())
        m_run.setModel(Which::Original, ModelWeights{source, std::nullopt, nullptr});
    else
        m_run.setModel(Which::Original, std::nullopt,
                       source ? tr("A schema has names and shapes, but no weights to run.") : tr("Open a source to run it as the original."));

    const auto resolution = m_session.document().resolution();
    const bool complete = source && source->hasValues() && target && resolution && resolution->complete() && !m_session.isSuggesting();
    if (complete) {
        const auto &tensors = target->schema().tensors;
        const auto firstFloat = std::find_if(tensors.begin(), tensors.end(), [](const SchemaTensor &t) { return info(t.dtype).kind == DTypeKind::Float; });
        m_run.setTolerance(logitTolerance(firstFloat == tensors.end() ? DType::F32 : firstFloat->dtype));
        m_run.setModel(Which::Converted, ModelWeights{source, m_session.document().mapping(), target});
    } else {
        m_run.setModel(Which::Converted, std::nullopt, convertedBlocked());
    }
    runIfQuick();
    updateStatus();
}

QColor SegmentPage::maskColour() const
{
    const Theme theme = Theme::of(palette());
    return theme.dark ? QColor(0x3E8BFF) : theme.accent;
}

void SegmentPage::updateCards()
{
    updateCard(Which::Original);
    updateCard(Which::Converted);
    updateMasks();
    updateCandidates();
    updateAgreement();
    updateTimings();
    m_behaviour->setBehaviour(m_run.model(Which::Original).behaviour, m_run.model(Which::Converted).behaviour,
                              m_run.behaviourOverrides(Which::Converted));
    updateStatus();
}

void SegmentPage::updateCard(Which which)
{
    const bool original = which == Which::Original;
    CanvasCard &card = original ? *m_original : *m_converted;
    const ModelRun &model = m_run.model(which);
    const Theme theme = Theme::of(palette());
    PanelHeader &header = card.header();
    const bool single = m_mode != CanvasMode::SideBySide;
    header.setInk(single ? QColor() : original ? theme.src : theme.tgt);
    header.setTitle(single ? tr("Original and converted") : original ? tr("Original") : tr("Converted"));
    QString detail = m_session.name(original ? Side::Source : Side::Target);
    if (!original && model.stage != ModelRun::Stage::Blocked && model.stage != ModelRun::Stage::None)
        detail = rulesText(detail, m_session.document().mapping().rules.size());
    if (single)
        detail = m_mode == CanvasMode::Swipe ? tr("drag the line") : tr("blue: original only · orange: converted only");
    header.setDetail(detail);

    header.clearChip();
    header.setTrailingText({});
    if (model.outOfDate)
        header.setChip(QStringLiteral("warning"), tr("Out of date"), Status::ToReview);
    else if (model.stage == ModelRun::Stage::Running && !model.hasResult())
        header.setTrailingText(tr("Running…"));
    else if (model.hasResult() && !single && m_run.chosen() < model.result->masks.size())
        header.setTrailingText(tr("IoU %1 · %2").arg(QLocale().toString(static_cast<double>(model.result->masks[m_run.chosen()].predictedIou), 'f', 3),
                                                     durationText(model.encoding + model.predicting)));

    Banner &banner = card.banner();
    const MaskCandidate *mask = model.hasResult() && m_run.chosen() < model.result->masks.size() ? &model.result->masks[m_run.chosen()] : nullptr;
    if (!m_run.pictureError().isEmpty() && original)
        banner.showMessage(Status::Missing, QStringLiteral("error"), m_run.pictureError(), tr("Open image…"));
    else if (!m_run.pictureError().isEmpty())
        banner.hide();
    else if (model.stage == ModelRun::Stage::Failed)
        banner.showMessage(Status::Missing, QStringLiteral("error"), model.message, tr("Try again"));
    else if (model.stage == ModelRun::Stage::Blocked)
        banner.showMessage(Status::ToReview, QStringLiteral("warning"), model.message,
                           !original && m_session.hasPair() && !m_session.isSuggesting() ? tr("Go to Map") : QString());
    else if (model.stage == ModelRun::Stage::Waiting && m_run.canRun() && !m_run.isRunning() && !m_run.runsByItself())
        banner.showMessage(Status::None, QStringLiteral("info"),
                           m_run.isCancelled()      ? tr("Cancelled. The picture is not encoded.")
                           : model.hasResult() ? tr("The weights, rules or prompts changed since this mask.")
                                               : tr("This picture is not encoded yet."),
                           tr("Run both"));
    else if (mask != nullptr && mask->area == 0)
        banner.showMessage(Status::None, QStringLiteral("info"), tr("No pixel above 0. Add a point or a box."));
    else
        banner.hide();
}

void SegmentPage::updateMasks()
{
    const auto mask = [this](Which which) {
        const ModelRun &model = m_run.model(which);
        return m_run.chosen() < model.masks.size() ? model.masks[m_run.chosen()] : MaskPicture{};
    };
    const bool single = m_mode != CanvasMode::SideBySide;
    Canvas &left = m_original->canvas();
    m_converted->setVisible(!single);
    left.setMask(mask(Which::Original));
    m_converted->canvas().setMask(mask(Which::Converted));
    if (m_mode == CanvasMode::Swipe)
        left.setSwipe(mask(Which::Converted));
    else
        left.endSwipe();
    const auto &a = m_run.model(Which::Original).result, &b = m_run.model(Which::Converted).result;
    if (m_mode == CanvasMode::Difference && a && b && m_run.chosen() < std::min(a->masks.size(), b->masks.size()))
        left.setDifference(maskDifference(a->masks[m_run.chosen()].pixels, b->masks[m_run.chosen()].pixels, a->width, a->height));
    else
        left.endDifference();
}

void SegmentPage::updateCandidates()
{
    QList<CandidateView> views;
    const ModelRun &a = m_run.model(Which::Original), &b = m_run.model(Which::Converted);
    for (std::size_t i = 0; i < m_run.candidates(); ++i) {
        CandidateView view;
        const auto score = [i](const ModelRun &model) -> std::optional<double> {
            if (!model.hasResult() || i >= model.result->masks.size())
                return std::nullopt;
            return static_cast<double>(model.result->masks[i].predictedIou);
        };
        view.original = score(a);
        view.converted = score(b);
        const MaskPicture mask = i < a.masks.size() ? a.masks[i] : i < b.masks.size() ? b.masks[i] : MaskPicture{};
        view.isEmpty = mask.isEmpty();
        view.thumbnail = thumbnail(m_small, m_run.picture().size(), mask, maskColour());
        views << view;
    }
    m_candidates->setCandidates(views, views.isEmpty() ? -1 : static_cast<int>(m_run.chosen()));
    if (auto *detail = findChild<QLabel *>(QStringLiteral("candidatesDetail"))) {
        const Theme theme = Theme::of(palette());
        detail->setText(tr("predicted IoU, <span style=\"color:%1\">original</span> and <span style=\"color:%2\">converted</span>")
                            .arg(theme.src.name(), theme.tgt.name()));
    }
}

QString SegmentPage::agreementWhy() const
{
    if (m_prompts.forModels() == Prompts{})
        return tr("Click the picture or drag a box to compare the two models.");
    if (m_run.model(Which::Converted).stage == ModelRun::Stage::Blocked)
        return tr("Shown when the converted model has run.");
    if (m_run.isRunning())
        return tr("The models are running.");
    return tr("Shown when both models have run.");
}

void SegmentPage::updateAgreement()
{
    const Agreement *agreement = m_run.agreement(m_run.chosen());
    m_agreement->setAgreement(agreement != nullptr ? std::optional(*agreement) : std::nullopt, agreementWhy());
}

void SegmentPage::updateTimings()
{
    const ModelRun &a = m_run.model(Which::Original), &b = m_run.model(Which::Converted);
    const auto row = [&](const QString &name, double ModelRun::*time) {
        const auto cell = [time](const ModelRun &model) { return model.hasResult() ? durationText(model.*time) : QStringLiteral("–"); };
        return StatisticsTable::Row{name, {cell(a), cell(b)}};
    };
    m_timings->setRows({row(tr("Image encoder"), &ModelRun::encoding), row(tr("Prompts and masks"), &ModelRun::predicting),
                        row(tr("Model loading"), &ModelRun::loading)});
}

void SegmentPage::updateStatus()
{
    const ModelRun &a = m_run.model(Which::Original), &b = m_run.model(Which::Converted);
    if (const Job *job = m_run.job())
        m_status->setProgress(job->fraction(), job->what().isEmpty() ? job->title() : job->title() + QStringLiteral(": ") + job->what());
    else
        m_status->setProgress(std::nullopt);

    const bool failed = a.stage == ModelRun::Stage::Failed || b.stage == ModelRun::Stage::Failed;
    if (!m_run.pictureError().isEmpty())
        m_status->setState(QStringLiteral("error"), tr("Picture not read"), Status::Missing);
    else if (failed)
        m_status->setState(QStringLiteral("error"), tr("A model did not run"), Status::Missing);
    else if (a.outOfDate || b.outOfDate)
        m_status->setState(QStringLiteral("warning"), tr("Out of date"), Status::ToReview);
    else if (a.hasResult() && b.hasResult())
        m_status->setState(QStringLiteral("check"), tr("Both models ran"), Status::Proven);
    else if (a.hasResult() || b.hasResult())
        m_status->setState(QStringLiteral("check"), a.hasResult() ? tr("The original ran") : tr("The converted model ran"), Status::Proven);
    else
        m_status->setState({}, m_prompts.prompts().isEmpty() ? tr("No prompt yet") : tr("Not run yet"), Status::None);

    QStringList left, right;
    const QImage &picture = m_run.picture();
    if (!picture.isNull()) {
        left << QStringLiteral("%1 · %2×%3").arg(fileText(m_run.picturePath())).arg(picture.width()).arg(picture.height());
        if (const int side = std::max(a.imageSize, b.imageSize); side > 0) {
            const double scale = static_cast<double>(side) / std::max(picture.width(), picture.height());
            left << tr("Resized to %1×%2, bilinear").arg(static_cast<int>(picture.width() * scale + 0.5)).arg(static_cast<int>(picture.height() * scale + 0.5));
        }
    }
    if (const auto &known = m_run.info()) {
        left << computeText(*known);
        if (known->slowBlas)
            left << tr("slow BLAS: install libopenblas0-pthread");
    }
    if (a.hasResult() || b.hasResult())
        right << (a.outOfDate || b.outOfDate ? tr("Image embedding out of date") : tr("Image embedding cached"));
    if (m_pointer)
        right << tr("Pointer %1, %2").arg(m_pointer->x()).arg(m_pointer->y());
    if (!picture.isNull())
        right << tr("Zoom %1 %").arg(qRound(m_view->zoom() * 100));
    m_status->setFacts(left, right);

    const bool shown = isVisible();
    m_toolBar->setRunEnabled(m_run.canRun() && !m_run.isRunning());
    for (QAction *action : std::as_const(m_actions))
        action->setEnabled(shown);
    m_actions.first()->setEnabled(shown && m_run.canRun() && !m_run.isRunning());
    m_actions.last()->setEnabled(shown && (a.hasResult() || b.hasResult()));
}

void SegmentPage::setMode(CanvasMode mode)
{
    if (mode == m_mode)
        return;
    m_mode = mode;
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
    for (QAction *action : std::as_const(m_actions))
        action->setEnabled(false);
}

void SegmentPage::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Undo))
        m_prompts.undoStack().undo();
    else if (event->matches(QKeySequence::Redo))
        m_prompts.undoStack().redo();
    else if (event->key() == Qt::Key_Delete)
        m_prompts.remove(m_promptPanel->currentRow());
    else if (event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9)
        m_run.choose(static_cast<std::size_t>(event->key() - Qt::Key_1));
    else if (event->key() == Qt::Key_Space) {
        for (CanvasCard *card : {m_original, m_converted})
            card->canvas().setMaskShown(false);
    } else
        Room::keyPressEvent(event);
}

void SegmentPage::keyReleaseEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space && !event->isAutoRepeat()) {
        for (CanvasCard *card : {m_original, m_converted})
            card->canvas().setMaskShown(true);
    }
    Room::keyReleaseEvent(event);
}

void SegmentPage::dragEnterEvent(QDragEnterEvent *event)
{
    // Checkpoints are the window's to take.
    if (!pictureOf(event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void SegmentPage::dropEvent(QDropEvent *event)
{
    const QUrl url = pictureOf(event->mimeData());
    if (url.isEmpty())
        return;
    event->acceptProposedAction();
    openImage(url.toLocalFile().toStdString());
}

void SegmentPage::changeEvent(QEvent *event)
{
    if (event->type() == QEvent::PaletteChange && m_toolBar != nullptr)
        updateCards();
    Room::changeEvent(event);
}

} // namespace rekey::ui
