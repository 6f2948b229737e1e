// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/mainwindow.h"

#include "core/script/exporters.h"
#include "ui/document/conversion.h"
#include "ui/inspect/inspectpage.h"
#include "ui/jobs/job.h"
#include "ui/models/globalsmodel.h"
#include "ui/parity/paritypage.h"
#include "ui/segment/segmentpage.h"
#include "ui/theme/displaytext.h"
#include "ui/views/bottompanel.h"
#include "ui/views/mapdocks.h"
#include "ui/views/mappage.h"
#include "ui/views/startpage.h"
#include "ui/window/banner.h"
#include "ui/window/convertdialog.h"
#include "ui/window/filedesk.h"
#include "ui/window/jobbar.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/strip.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDesktopServices>
#include <QDragEnterEvent>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QStackedWidget>
#include <QThread>
#include <QUrl>

namespace rekey::ui {

namespace {

constexpr int toolBarHeight = 44, statusHeight = 28;
constexpr QSize smallest(1024, 640), usual(1440, 900);

bool isMapping(const QString &path)
{
    return path.endsWith(QLatin1String(".rekey.json"));
}

QHBoxLayout *rowOf(QWidget *widget, QMargins margins, int spacing)
{
    auto *row = new QHBoxLayout(widget);
    row->setContentsMargins(margins);
    row->setSpacing(spacing);
    return row;
}

} // namespace

MainWindow::MainWindow(Session &session, QWidget *parent)
    : QMainWindow(parent)
    , m_session(session)
    , m_desk(new FileDesk(session, *this))
    , m_start(new StartPage(session))
    , m_map(new MapPage(session))
    , m_pages(new QStackedWidget)
    , m_tools(new QStackedWidget)
    , m_status(new QStackedWidget)
    , m_banner(new Banner)
    , m_jobBar(new JobBar(session.jobs()))
{
    setAcceptDrops(true);
    m_banner->setClosable(true);
    m_banner->setEdgeToEdge(true);
    setWindowIcon(icon(QStringLiteral("rekey")));
    makeRooms();
    auto *central = new QWidget;
    auto *column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_jobBar->setShownElsewhere(
        [this]() -> const Job * { return isAtStart() ? nullptr : m_roomOf[m_pages->currentIndex() - 1]->shownJob(); });
    m_toolBar = makeToolBar();
    column->addWidget(m_toolBar);
    column->addWidget(m_banner);
    column->addWidget(m_pages, 1);
    column->addWidget(makeStatusStrip());
    setCentralWidget(central);
    setMinimumSize(smallest);
    makeMenus();
    connectRooms();
    resize(usual);
    restoreGeometry(session.settings().layout(QStringLiteral("window")));
    showStart();
    followTitle();
}

MainWindow::~MainWindow() = default;

void MainWindow::makeRooms()
{
    m_segment = new SegmentPage(m_session);
    m_roomOf[Inspect] = new InspectPage(m_session);
    m_roomOf[Map] = m_map;
    m_roomOf[Segment] = m_segment;
    m_parity = new ParityPage(m_session);
    m_roomOf[Parity] = m_parity;
    m_pages->addWidget(m_start);
    m_tools->addWidget(new QWidget);
    m_status->addWidget(makeStartStatus());
    for (Room *room : m_roomOf) {
        m_pages->addWidget(room);
        QWidget *tools = room->toolBarWidget();
        m_tools->addWidget(tools != nullptr ? tools : new QWidget);
        QWidget *status = room->statusWidget();
        m_status->addWidget(status != nullptr ? status : new QWidget);
        m_undo.addStack(room->undoStack() != nullptr ? room->undoStack() : &m_session.document().undoStack());
    }
}

QWidget *MainWindow::makeToolBar()
{
    auto *bar = new Strip(toolBarHeight, Qt::BottomEdge);
    m_rooms = new SegmentedSwitch({{tr("Inspect"), QStringLiteral("inspect"), tr("Inspect (Ctrl+1)")},
                                   {tr("Map"), QStringLiteral("map"), tr("Map (Ctrl+2)")},
                                   {tr("Segment"), QStringLiteral("segment"), tr("Segment (Ctrl+3)")},
                                   {tr("Parity"), QStringLiteral("parity"), tr("Parity (Ctrl+4)")}});
    m_rooms->setAccessibleName(tr("Room"));
    m_rooms->setObjectName(QStringLiteral("rooms"));
    QHBoxLayout *row = rowOf(bar, {12, 0, 12, 1}, 16);
    row->addWidget(m_rooms);
    row->addWidget(m_tools, 1);
    connect(m_rooms, &SegmentedSwitch::currentChanged, this, [this](int index) { showRoom(static_cast<RoomIndex>(index)); });
    return bar;
}

QWidget *MainWindow::makeStatusStrip()
{
    auto *strip = new Strip(statusHeight, Qt::TopEdge);
    QHBoxLayout *row = rowOf(strip, {0, 1, 0, 0}, 0);
    row->addWidget(m_status, 1);
    row->addWidget(m_jobBar);
    return strip;
}

QWidget *MainWindow::makeStartStatus()
{
    auto *status = new QWidget;
    QHBoxLayout *row = rowOf(status, {8, 0, 12, 0}, 16);
    auto *mapping = new PageButton(PageButton::Look::Link, tr("Open a saved mapping…"), QStringLiteral("open"));
    connect(mapping, &QAbstractButton::clicked, m_desk, &FileDesk::openMapping);
    const auto quiet = [](const QString &text) {
        auto *label = new QLabel(text);
        label->setFont(secondaryFont());
        label->setForegroundRole(QPalette::PlaceholderText);
        return label;
    };
    row->addWidget(mapping);
    row->addWidget(quiet(tr("Command line: <code>rekey A B</code>")));
    row->addStretch(1);
    const int threads = QThread::idealThreadCount();
    row->addWidget(quiet(threads == 1 ? tr("1 thread") : tr("%1 threads").arg(threads)));
    row->addWidget(quiet(tr("Version %1").arg(QStringLiteral(REKEY_VERSION))));
    return status;
}

void MainWindow::connectRooms()
{
    connect(m_start, &StartPage::openAsked, this, [this](Side side) { m_desk->openSide(side, false); });
    connect(m_start, &StartPage::architectureAsked, m_desk, &FileDesk::chooseArchitecture);
    connect(m_start, &StartPage::demoAsked, &m_session, &Session::openDemo);
    connect(m_start, &StartPage::pairAsked, m_desk, &FileDesk::openRecent);
    connect(m_map, &MapPage::openAsked, this, [this](Side side) { m_desk->openSide(side, false); });
    connect(m_map, &MapPage::architectureAsked, m_desk, &FileDesk::chooseArchitecture);
    connect(m_map, &MapPage::convertAsked, this, &MainWindow::convert);
    connect(m_map, &MapPage::exportAsked, m_desk, &FileDesk::exportMapping);
    connect(m_map, &MapPage::messageAsked, this, &MainWindow::showMessage);
    connect(m_map, &MapPage::roomAsked, this, [this] { showRoom(Map); });
    connect(m_map, &MapPage::nothingOpen, this, &MainWindow::followNothingOpen);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, [this] {
        // What was said of the mapping before is not so any more.
        if (m_banner->status() == Status::Suggested)
            m_banner->hide();
    });
    connect(m_segment, &SegmentPage::mapRequested, this, [this] { showRoom(Map); });
    m_parity->setPictureSource([this] { return m_segment->pictureForParity(); });
    m_parity->setConditionsSource([this] {
        return ParityConditions {m_segment->run().behaviourOverrides(Which::Converted), m_segment->run().compute().precision};
    });
    connect(m_parity, &ParityPage::segmentAsked, this, [this] { showRoom(Segment); });
    connect(m_parity, &ParityPage::mapAsked, this, [this] { showRoom(Map); });
    connect(m_parity, &ParityPage::rulesAsked, this, [this](const std::vector<std::uint32_t> &rules) {
        showRoom(Map);
        m_map->showRules(rules);
    });
    connect(&m_session, &Session::opened, this, &MainWindow::followOpened);
    connect(&m_session, &Session::failed, this, [this](const QString &sentence) { showMessage(sentence, true); });
    connect(m_desk, &FileDesk::messageAsked, this, &MainWindow::showMessage);
    connect(m_desk, &FileDesk::written, this, &MainWindow::showDone);
    connect(&m_session, &Session::opened, this, &MainWindow::followSafety);
    connect(&m_session, &Session::changedOnDisk, this, &MainWindow::followDisk);
    connect(&m_session, &Session::mappingDoubted, this, &MainWindow::followDoubt);
    connect(&m_session.document().undoStack(), &QUndoStack::cleanChanged, this, &MainWindow::followTitle);
    connect(&m_session.document(), &MappingDocument::resolutionChanged, this, &MainWindow::followTitle);
}

void MainWindow::makeMenus()
{
    makeFileMenu();
    QMenu *edit = menuBar()->addMenu(tr("&Edit"));
    QAction *undo = m_undo.createUndoAction(this, tr("&Undo"));
    undo->setShortcut(QKeySequence::Undo);
    undo->setIcon(icon(QStringLiteral("undo")));
    QAction *redo = m_undo.createRedoAction(this, tr("&Redo"));
    redo->setShortcuts({QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z), QKeySequence(Qt::CTRL | Qt::Key_Y)});
    redo->setIcon(icon(QStringLiteral("redo")));
    edit->addAction(undo);
    edit->addAction(redo);
    edit->addSeparator();
    edit->addAction(icon(QStringLiteral("filter")), tr("&Filter keys"), QKeySequence(Qt::CTRL | Qt::Key_F), this, [this] {
        if (!isAtStart())
            m_roomOf[static_cast<std::size_t>(m_rooms->current())]->focusFilter();
    });
    makeViewMenu();
    QMenu *mapping = menuBar()->addMenu(tr("&Mapping"));
    mapping->addActions(m_map->menuActions());
    m_pairActions.append(m_map->menuActions());
    QMenu *run = menuBar()->addMenu(tr("&Run"));
    for (const RoomIndex index : {Segment, Parity, Inspect}) {
        if (index != Segment && !m_roomOf[index]->menuActions().isEmpty())
            run->addSeparator();
        run->addActions(m_roomOf[index]->menuActions());
    }
    QMenu *help = menuBar()->addMenu(tr("&Help"));
    help->addAction(icon(QStringLiteral("demo")), tr("Open the &demo"), &m_session, &Session::openDemo);
    help->addAction(icon(QStringLiteral("info")), tr("&About Rekey"), this, &MainWindow::about);
    for (QAction *action : std::as_const(m_pairActions))
        action->setEnabled(false);
}

void MainWindow::makeFileMenu()
{
    QMenu *file = menuBar()->addMenu(tr("&File"));
    file->addAction(icon(QStringLiteral("source")), tr("Open &source…"), QKeySequence(Qt::CTRL | Qt::Key_O), this,
                    [this] { m_desk->openSide(Side::Source, false); });
    file->addAction(icon(QStringLiteral("target")), tr("Open &target…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), this,
                    [this] { m_desk->openSide(Side::Target, false); });
    file->addAction(tr("Open source folder…"), this, [this] { m_desk->openSide(Side::Source, true); });
    file->addAction(tr("Open target folder…"), this, [this] { m_desk->openSide(Side::Target, true); });
    file->addAction(icon(QStringLiteral("schema")), tr("Choose &architecture…"), m_desk, &FileDesk::chooseArchitecture);
    QMenu *recent = file->addMenu(icon(QStringLiteral("recent")), tr("&Recent pairs"));
    connect(recent, &QMenu::aboutToShow, this, [this, recent] {
        recent->clear();
        for (const RecentPair &pair : m_session.settings().recentPairs())
            recent->addAction(pair.sourceName + QStringLiteral(" → ") + pair.targetName, this, [this, pair] { m_desk->openRecent(pair); });
        if (recent->isEmpty())
            recent->addAction(tr("None yet"))->setEnabled(false);
    });
    file->addSeparator();
    file->addAction(tr("Open &mapping…"), m_desk, &FileDesk::openMapping);
    m_pairActions.append(file->addAction(tr("&Save mapping"), QKeySequence::Save, this, [this] { m_desk->saveMapping(false); }));
    m_pairActions.append(file->addAction(tr("Save mapping &as…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), this,
                                         [this] { m_desk->saveMapping(true); }));
    QMenu *exports = file->addMenu(icon(QStringLiteral("export")), tr("&Export"));
    for (const Exporter &exporter : exporters()) {
        const QString id = QString::fromUtf8(exporter.id.data(), static_cast<qsizetype>(exporter.id.size()));
        m_pairActions.append(
            exports->addAction(exporterText(exporter) + QStringLiteral("…"), this, [this, id] { m_desk->exportMapping(id); }));
    }
    m_pairActions.append(file->addAction(icon(QStringLiteral("convert")), tr("&Convert…"), QKeySequence(Qt::CTRL | Qt::Key_Return), this,
                                         &MainWindow::convert));
    file->addSeparator();
    file->addAction(tr("Start page"), this, &MainWindow::showStart);
    file->addAction(tr("Close both sides"), this, [this] {
        m_desk->whenMappingIsSafe([this] {
            m_session.close(Side::Source);
            m_session.close(Side::Target);
            showStart();
        });
    });
    file->addAction(tr("&Quit"), QKeySequence::Quit, this, &QWidget::close);
}

void MainWindow::makeViewMenu()
{
    QMenu *view = menuBar()->addMenu(tr("&View"));
    const QStringList names{tr("&Inspect"), tr("&Map"), tr("&Segment"), tr("&Parity")};
    const QStringList icons{QStringLiteral("inspect"), QStringLiteral("map"), QStringLiteral("segment"), QStringLiteral("parity")};
    for (int i = 0; i < RoomCount; ++i)
        view->addAction(icon(icons[i]), names[i], QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + i)), this,
                        [this, i] { showRoom(static_cast<RoomIndex>(i)); });
    view->addSeparator();
    view->addAction(tr("Fold the bottom panel"), QKeySequence(Qt::CTRL | Qt::Key_J), this,
                    [this] { m_map->bottom()->setFolded(!m_map->bottom()->isFolded()); });
    view->addSeparator();
    auto *schemes = new QActionGroup(this);
    const QStringList schemeNames{tr("Colours of the system"), tr("Light"), tr("Dark")};
    for (int i = 0; i < schemeNames.size(); ++i) {
        QAction *action
            = view->addAction(schemeNames[i], this, [this, i] { m_session.settings().setColourScheme(static_cast<ColourScheme>(i)); });
        action->setCheckable(true);
        action->setChecked(static_cast<int>(m_session.settings().colourScheme()) == i);
        schemes->addAction(action);
    }
    connect(&m_session.settings(), &Settings::colourSchemeChanged, this, [this, schemes] {
        applyColourScheme(m_session.settings().colourScheme());
        schemes->actions().at(static_cast<int>(m_session.settings().colourScheme()))->setChecked(true);
    });
}

bool MainWindow::isAtStart() const
{
    return m_pages->currentIndex() == 0;
}

void MainWindow::showStart()
{
    m_pages->setCurrentIndex(0);
    m_status->setCurrentIndex(0);
    m_toolBar->hide();
}

void MainWindow::showRoom(RoomIndex index)
{
    m_rooms->setCurrent(index);
    m_pages->setCurrentIndex(index + 1);
    m_tools->setCurrentIndex(index + 1);
    m_status->setCurrentIndex(index + 1);
    m_toolBar->show();
    // What was done is read by now; a problem or a question stays until it is closed.
    if (m_banner->status() == Status::Proven || m_banner->status() == Status::Suggested)
        m_banner->hide();
    Room *room = m_roomOf[index];
    m_undo.setActiveStack(room->undoStack() != nullptr ? room->undoStack() : &m_session.document().undoStack());
    room->activated();
}

void MainWindow::followOpened()
{
    const bool anything = m_session.checkpoint(Side::Source) || m_session.checkpoint(Side::Target) || m_session.failure(Side::Source)
        || m_session.failure(Side::Target);
    if (isAtStart() && anything)
        showRoom(Map);
    for (QAction *action : std::as_const(m_pairActions))
        action->setEnabled(m_session.hasPair());
    followTitle();
}

void MainWindow::followTitle()
{
    const QString source = m_session.name(Side::Source), target = m_session.name(Side::Target);
    QString names = source.isEmpty() ? target : target.isEmpty() ? source : source + QStringLiteral(" → ") + target;
    setWindowTitle(names.isEmpty() ? tr("Rekey") + QStringLiteral("[*]") : names + QStringLiteral("[*] — ") + tr("Rekey"));
    setWindowModified(m_session.document().isModified());
}

void MainWindow::showMessage(const QString &text, bool problem)
{
    if (problem)
        m_banner->showMessage(Status::Missing, QStringLiteral("error"), text);
    else
        m_banner->showMessage(Status::Suggested, QStringLiteral("info"), text);
}

void MainWindow::openPaths(const QStringList &paths)
{
    QStringList checkpoints;
    for (const QString &path : paths) {
        if (isMapping(path))
            m_session.openMapping(path.toStdString());
        else
            checkpoints.append(path);
    }
    if (checkpoints.size() >= 2)
        m_session.openPair(checkpoints[0].toStdString(), checkpoints[1].toStdString());
    else if (checkpoints.size() == 1)
        m_session.open(m_session.checkpoint(Side::Source) ? Side::Target : Side::Source, checkpoints[0].toStdString());
    if (!paths.isEmpty() && checkpoints.isEmpty() && isAtStart() && m_session.hasPair())
        showRoom(Map);
}

void MainWindow::followSafety(Side side)
{
    const CheckpointPtr checkpoint = m_session.checkpoint(side);
    if (!checkpoint)
        return;
    const SafetyVerdict verdict = safetyVerdict(*checkpoint);
    if (verdict.dangerous == 0)
        return;
    m_banner->offer(Status::ToReview, QStringLiteral("warning"),
                    tr("%1 would run code in Python: it asks for %2 at %3. It was opened without running it.")
                        .arg(m_session.name(side), verdict.worstName, verdict.worstPlace),
                    tr("Show what it asks for"), [this] {
                        showRoom(Map);
                        m_map->showSafety();
                    });
}

void MainWindow::followDisk(Side side, const QString &sentence)
{
    m_banner->offer(Status::ToReview, QStringLiteral("warning"), sentence, tr("Open again"), [this, side] {
        m_banner->hide();
        m_session.reopen(side);
    });
}

void MainWindow::followNothingOpen()
{
    const auto resolution = m_session.document().resolution();
    m_banner->offer(Status::Suggested, QStringLiteral("info"),
                    tr("%1 of %2 target keys filled, no open question is left.")
                        .arg(countText(resolution->count(TargetStatus::Filled)), countText(resolution->targets.size())),
                    tr("Convert…"), [this] { convert(); });
}

void MainWindow::followDoubt(const QString &sentence)
{
    m_banner->offer(Status::ToReview, QStringLiteral("warning"), sentence + QLatin1Char(' ') + tr("It was not applied."),
                    tr("Apply it to this pair"), [this] {
                        m_banner->hide();
                        m_session.applyDoubtedMapping();
                    });
}

void MainWindow::convert()
{
    if (!m_session.hasPair() || !m_session.document().resolution())
        return;
    auto *dialog = new ConvertDialog(m_session, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("convertDialog"));
    connect(dialog, &ConvertDialog::reviewAsked, this, [this] {
        showRoom(Map);
        m_map->nextQuestion(1);
    });
    connect(dialog, &ConvertDialog::showAsked, this, [this](Status status) {
        showRoom(Map);
        m_map->showOnly(status);
    });
    connect(dialog, &ConvertDialog::converted, this, &MainWindow::showConverted);
    dialog->open();
}

void MainWindow::showConverted(const ConvertOutcome &outcome)
{
    const ConvertReport &report = outcome.report;
    if (report.rounding.overflows > 0)
        showMessage(outcome.text(), true);
    else
        showDone(outcome.text(), report.files.empty() ? QString() : QString::fromStdString(report.files.front().parent_path().string()));
}

void MainWindow::showDone(const QString &text, const QString &folder)
{
    m_banner->offer(Status::Proven, QStringLiteral("check"), text, folder.isEmpty() ? QString() : tr("Show folder"),
                    [folder] { QDesktopServices::openUrl(QUrl::fromLocalFile(folder)); });
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (!m_mayClose && m_session.document().isModified()) {
        event->ignore();
        m_desk->whenMappingIsSafe([this] {
            m_mayClose = true;
            // Not at once: a window that is asked whether it may close does not close.
            QMetaObject::invokeMethod(this, &QWidget::close, Qt::QueuedConnection);
        });
        return;
    }
    m_session.settings().setLayout(QStringLiteral("window"), saveGeometry());
    m_map->saveLayout();
    QMainWindow::closeEvent(event);
}

void MainWindow::resizeEvent(QResizeEvent *event)
{
    QMainWindow::resizeEvent(event);
    m_rooms->setFolded(width() < 1180);
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasUrls())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    QStringList paths;
    for (const QUrl &url : event->mimeData()->urls()) {
        if (url.isLocalFile())
            paths.append(url.toLocalFile());
    }
    if (paths.isEmpty())
        return;
    event->acceptProposedAction();
    // Source is left, target is right.
    const Side side = event->position().x() < width() / 2.0 ? Side::Source : Side::Target;
    m_desk->whenMappingIsSafe([this, paths, side] {
        if (paths.size() == 1 && !isMapping(paths.front()))
            m_session.open(side, paths.front().toStdString());
        else
            openPaths(paths);
    });
}

void MainWindow::about()
{
    QMessageBox::about(
        this, tr("About Rekey"),
        tr("<b>Rekey %1</b><br>Move weights from one implementation to another, and see that they still mean the same.<br><br>"
           "Free software under the GNU General Public License, version 3 or later.<br>Built with Qt %2, QCustomPlot and LibTorch.")
            .arg(QStringLiteral(REKEY_VERSION), QString::fromLatin1(qVersion())));
}

} // namespace rekey::ui
