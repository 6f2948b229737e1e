// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/window/mainwindow.h"

#include "core/base/error.h"
#include "core/script/exporters.h"
#include "ui/document/architecturefile.h"
#include "ui/inspect/inspectpage.h"
#include "ui/jobs/job.h"
#include "ui/segment/segmentpage.h"
#include "ui/theme/displaytext.h"
#include "ui/views/bottompanel.h"
#include "ui/views/mapdocks.h"
#include "ui/views/mappage.h"
#include "ui/views/paritypage.h"
#include "ui/views/startpage.h"
#include "ui/window/banner.h"
#include "ui/window/jobbar.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/segmentedswitch.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QDesktopServices>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPainter>
#include <QSaveFile>
#include <QStackedWidget>
#include <QThread>
#include <QUrl>

namespace rekey::ui {

namespace {

constexpr int toolBarHeight = 44, statusHeight = 28;
constexpr QSize smallest(1024, 640), usual(1440, 900);

QString checkpointFilter()
{
    return MainWindow::tr("Checkpoints (*.safetensors *.pth *.pt *.bin *.ckpt *.json *.gguf *.npz);;All files (*)");
}

bool isMapping(const QString &path)
{
    return path.endsWith(QLatin1String(".rekey.json"));
}

/// A strip with a hairline at one edge, in the window's colour.
class Strip : public QWidget
{
public:
    Strip(int height, bool lineAbove)
        : m_lineAbove(lineAbove)
    {
        setFixedHeight(height);
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        painter.fillRect(rect(), theme.window);
        if (m_lineAbove)
            painter.fillRect(QRectF(0, 0, width(), 1.0 / devicePixelRatioF()), theme.line);
        else
            paintLineBelow(painter, rect(), theme.line);
    }

private:
    bool m_lineAbove;
};

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
    m_roomOf[Parity] = new ParityPage(m_session);
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
    auto *bar = new Strip(toolBarHeight, false);
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
    auto *strip = new Strip(statusHeight, true);
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
    connect(mapping, &QAbstractButton::clicked, this, &MainWindow::openMappingDialog);
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
    connect(m_start, &StartPage::openAsked, this, [this](Side side) { openDialog(side, false); });
    connect(m_start, &StartPage::architectureAsked, this, &MainWindow::chooseArchitecture);
    connect(m_start, &StartPage::demoAsked, &m_session, &Session::openDemo);
    connect(m_start, &StartPage::pairAsked, this, &MainWindow::openPair);
    connect(m_map, &MapPage::openAsked, this, [this](Side side) { openDialog(side, false); });
    connect(m_map, &MapPage::architectureAsked, this, &MainWindow::chooseArchitecture);
    connect(m_map, &MapPage::convertAsked, this, &MainWindow::convert);
    connect(m_map, &MapPage::exportAsked, this, &MainWindow::exportDialog);
    connect(m_map, &MapPage::messageAsked, this, &MainWindow::showMessage);
    connect(m_segment, &SegmentPage::mapRequested, this, [this] { showRoom(Map); });
    connect(static_cast<ParityPage *>(m_roomOf[Parity]), &ParityPage::segmentAsked, this, [this] { showRoom(Segment); });
    connect(&m_session, &Session::opened, this, &MainWindow::followOpened);
    connect(&m_session, &Session::failed, this, [this](const QString &sentence) { showMessage(sentence, true); });
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
    for (const RoomIndex index : {Segment, Inspect}) {
        if (index == Inspect && !m_roomOf[Inspect]->menuActions().isEmpty())
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
                    [this] { openDialog(Side::Source, false); });
    file->addAction(icon(QStringLiteral("target")), tr("Open &target…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O), this,
                    [this] { openDialog(Side::Target, false); });
    file->addAction(tr("Open source folder…"), this, [this] { openDialog(Side::Source, true); });
    file->addAction(tr("Open target folder…"), this, [this] { openDialog(Side::Target, true); });
    file->addAction(icon(QStringLiteral("schema")), tr("Choose &architecture…"), this, &MainWindow::chooseArchitecture);
    QMenu *recent = file->addMenu(icon(QStringLiteral("recent")), tr("&Recent pairs"));
    connect(recent, &QMenu::aboutToShow, this, [this, recent] {
        recent->clear();
        for (const RecentPair &pair : m_session.settings().recentPairs())
            recent->addAction(pair.sourceName + QStringLiteral(" → ") + pair.targetName, this, [this, pair] { openPair(pair); });
        if (recent->isEmpty())
            recent->addAction(tr("None yet"))->setEnabled(false);
    });
    file->addSeparator();
    file->addAction(tr("Open &mapping…"), this, &MainWindow::openMappingDialog);
    m_pairActions.append(file->addAction(tr("&Save mapping"), QKeySequence::Save, this, [this] { saveMapping(false); }));
    m_pairActions.append(
        file->addAction(tr("Save mapping &as…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_S), this, [this] { saveMapping(true); }));
    QMenu *exports = file->addMenu(icon(QStringLiteral("export")), tr("&Export"));
    for (const Exporter &exporter : exporters()) {
        const QString id = QString::fromUtf8(exporter.id.data(), static_cast<qsizetype>(exporter.id.size()));
        const QString text = QString::fromUtf8(exporter.description.data(), static_cast<qsizetype>(exporter.description.size()));
        m_pairActions.append(exports->addAction(text + QStringLiteral("…"), this, [this, id] { exportDialog(id); }));
    }
    m_pairActions.append(file->addAction(icon(QStringLiteral("convert")), tr("&Convert…"), QKeySequence(Qt::CTRL | Qt::Key_Return), this,
                                         &MainWindow::convert));
    file->addSeparator();
    file->addAction(tr("Start page"), this, &MainWindow::showStart);
    file->addAction(tr("Close both sides"), this, [this] {
        if (!mayLeaveMapping())
            return;
        m_session.close(Side::Source);
        m_session.close(Side::Target);
        showStart();
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
    // What was done is read by now; a problem stays until it is closed.
    if (m_banner->status() != Status::Missing)
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
    setWindowTitle(names.isEmpty() ? tr("Rekey") : names + QStringLiteral("[*] — ") + tr("Rekey"));
    setWindowModified(m_session.document().isModified());
}

void MainWindow::showMessage(const QString &text, bool problem)
{
    m_banner->disconnect(this);
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

void MainWindow::openDialog(Side side, bool folder)
{
    if (!mayLeaveMapping())
        return;
    const QString kind = QStringLiteral("open");
    const QString title = side == Side::Source ? tr("Open source") : tr("Open target");
    const QString start = m_session.settings().lastFolder(kind);
    const QString path = folder ? QFileDialog::getExistingDirectory(this, title, start)
                                : QFileDialog::getOpenFileName(this, title, start, checkpointFilter());
    if (path.isEmpty())
        return;
    m_session.settings().setLastFolder(kind, QFileInfo(path).path());
    m_session.open(side, path.toStdString());
}

void MainWindow::openMappingDialog()
{
    if (!mayLeaveMapping())
        return;
    const QString path = QFileDialog::getOpenFileName(this, tr("Open mapping"), m_session.settings().lastFolder(QStringLiteral("mapping")),
                                                      tr("Rekey mappings (*.rekey.json);;JSON (*.json)"));
    if (path.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("mapping"), QFileInfo(path).path());
    m_session.openMapping(path.toStdString());
}

void MainWindow::saveMapping(bool askWhere)
{
    MappingDocument &document = m_session.document();
    QString path = QString::fromStdString(document.file().string());
    if (askWhere || path.isEmpty()) {
        const QString folder = m_session.settings().lastFolder(QStringLiteral("mapping"));
        path = QFileDialog::getSaveFileName(this, tr("Save mapping"),
                                            folder + QLatin1Char('/') + QFileInfo(m_session.name(Side::Source)).completeBaseName()
                                                + QStringLiteral(".rekey.json"),
                                            tr("Rekey mappings (*.rekey.json)"));
        if (path.isEmpty())
            return;
        m_session.settings().setLastFolder(QStringLiteral("mapping"), QFileInfo(path).path());
    }
    Job *job = m_session.jobs().start(
        this, QStringLiteral("save"), tr("Saving the mapping"),
        [mapping = document.mapping(), path](const Progress &) {
            rekey::saveMapping(mapping, path.toStdString());
            return true;
        },
        [this, path](bool) {
            m_session.document().markSaved(path.toStdString());
            followTitle();
        });
    connect(job, &Job::failed, this, [this](const QString &error) { showMessage(error, true); });
}

void MainWindow::chooseArchitecture()
{
    QMenu menu;
    for (const Architecture &architecture : architectures()) {
        menu.addSection(QString::fromStdString(architecture.name));
        for (const Architecture::Example &example : architecture.examples) {
            menu.addAction(icon(QStringLiteral("schema")), QString::fromStdString(example.name), this, [this, example] {
                Job *job = m_session.jobs().start(
                    this, QStringLiteral("architecture"), tr("Opening %1").arg(QString::fromStdString(example.name)),
                    [example](const Progress &) { return openExample(example); },
                    [this](const CheckpointPtr &checkpoint) { m_session.openSchema(Side::Target, checkpoint); });
                connect(job, &Job::failed, this, [this](const QString &error) { showMessage(error, true); });
            });
        }
    }
    menu.exec(QCursor::pos());
}

void MainWindow::openPair(const RecentPair &pair)
{
    if (!mayLeaveMapping())
        return;
    if (pair.target.isEmpty())
        m_session.open(Side::Source, pair.source.toStdString());
    else
        m_session.openPair(pair.source.toStdString(), pair.target.toStdString());
}

void MainWindow::exportDialog(const QString &exporterId)
{
    const Exporter &exporter = exporterById(exporterId.toStdString());
    const QString extension = QString::fromUtf8(exporter.extension.data(), static_cast<qsizetype>(exporter.extension.size()));
    const QString folder = m_session.settings().lastFolder(QStringLiteral("export"));
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Export"), folder + QStringLiteral("/convert_") + QFileInfo(m_session.name(Side::Source)).completeBaseName() + extension,
        QStringLiteral("*") + extension);
    if (path.isEmpty())
        return;
    m_session.settings().setLastFolder(QStringLiteral("export"), QFileInfo(path).path());
    exportTo(exporterId, path);
}

void MainWindow::exportTo(const QString &exporterId, const QString &path)
{
    MappingDocument &document = m_session.document();
    Job *job = m_session.jobs().start(
        this, QStringLiteral("export"), tr("Exporting"),
        [id = exporterId.toStdString(), path, mapping = document.resolvedMapping(), source = document.source(), target = document.target(),
         resolution = document.resolution()](const Progress &) {
            const ExportInput input{mapping.get(), source.get(), target.get(), resolution.get()};
            const QByteArray text = QByteArray::fromStdString(exporterById(id).write(input));
            QSaveFile file(path);
            if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
                throw Error(path.toStdString(), "", "cannot be written: " + file.errorString().toStdString());
            return true;
        },
        [this, path](bool) { showDone(tr("Exported to %1").arg(path), QFileInfo(path).path()); });
    connect(job, &Job::failed, this, [this](const QString &error) { showMessage(error, true); });
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
    connect(dialog, &QDialog::accepted, this, [this, dialog] { startConverting(dialog->choice()); });
    dialog->open();
}

void MainWindow::startConverting(const ConvertChoice &choice)
{
    m_session.settings().setLastFolder(QStringLiteral("convert"),
                                       QString::fromStdString(choice.request.destination.parent_path().string()));
    Job *job = m_session.jobs().start(
        this, QStringLiteral("convert"), tr("Converting"), [choice](const Progress &progress) { return carryOut(choice, progress); },
        [this](const ConvertOutcome &outcome) { showConverted(outcome); });
    connect(job, &Job::failed, this, [this](const QString &error) { showMessage(error, true); });
    connect(job, &Job::cancelled, this, [this] { showMessage(tr("Converting was cancelled. Nothing was written."), false); });
}

void MainWindow::showConverted(const ConvertOutcome &outcome)
{
    const ConvertReport &report = outcome.report;
    QStringList names;
    for (const auto &files : {report.files, outcome.beside}) {
        for (const std::filesystem::path &file : files)
            names.append(QString::fromStdString(file.filename().string()));
    }
    QString text = tr("Converted %1 tensors, %2, in %3: %4.")
                       .arg(countText(report.tensors), bytesText(report.bytes), durationText(outcome.milliseconds),
                            names.join(QStringLiteral(", ")));
    if (report.largestRounding > 0)
        text += QLatin1Char(' ') + tr("Largest rounding %1.").arg(errorText(report.largestRounding));
    if (report.overflows > 0)
        text += QLatin1Char(' ') + tr("%1 values overflowed.").arg(countText(report.overflows));
    for (const std::string &warning : report.warnings)
        text += QLatin1Char(' ') + keyText(warning) + QLatin1Char('.');
    if (report.overflows > 0)
        showMessage(text, true);
    else
        showDone(text, report.files.empty() ? QString() : QString::fromStdString(report.files.front().parent_path().string()));
}

void MainWindow::showDone(const QString &text, const QString &folder)
{
    m_banner->disconnect(this);
    m_banner->showMessage(Status::Proven, QStringLiteral("check"), text, folder.isEmpty() ? QString() : tr("Show folder"));
    connect(m_banner, &Banner::actionClicked, this, [folder] { QDesktopServices::openUrl(QUrl::fromLocalFile(folder)); });
}

bool MainWindow::mayLeaveMapping()
{
    if (!m_session.document().isModified())
        return true;
    const auto answer = QMessageBox::question(this, tr("Rekey"), tr("The mapping has changes that are not saved. Save it first?"),
                                              QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    if (answer == QMessageBox::Save)
        saveMapping(false);
    return answer == QMessageBox::Discard;
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (!mayLeaveMapping()) {
        event->ignore();
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
    if (paths.isEmpty() || !mayLeaveMapping())
        return;
    event->acceptProposedAction();
    if (paths.size() == 1 && !isMapping(paths.front()))
        // Source is left, target is right.
        m_session.open(event->position().x() < width() / 2.0 ? Side::Source : Side::Target, paths.front().toStdString());
    else
        openPaths(paths);
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
