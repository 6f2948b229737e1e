// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window, driven as a person would: real mouse and key events, one picture a step.
#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/mapping/architectures.h"
#include "core/runtime/runtime.h"
#include "ui/document/rulesedit.h"
#include "ui/inspect/histogramdock.h"
#include "ui/inspect/histogramplot.h"
#include "ui/inspect/inspectpage.h"
#include "ui/jobs/job.h"
#include "ui/models/keytreemodel.h"
#include "ui/models/rulesmodel.h"
#include "ui/module/modulewindow.h"
#include "ui/parity/depthplot.h"
#include "ui/parity/layerpanel.h"
#include "ui/parity/paritypage.h"
#include "ui/parity/paritytable.h"
#include "ui/parity/verdictline.h"
#include "ui/segment/canvas.h"
#include "ui/segment/canvascard.h"
#include "ui/segment/everythingrun.h"
#include "ui/segment/segmentpage.h"
#include "ui/segment/segmentside.h"
#include "ui/theme/theme.h"
#include "ui/views/bottompanel.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/keytreeview.h"
#include "ui/views/mapdocks.h"
#include "ui/views/mappage.h"
#include "ui/views/maptoolbar.h"
#include "ui/views/pairing.h"
#include "ui/views/pairingproposal.h"
#include "ui/views/ruleeditor.h"
#include "ui/views/rulesview.h"
#include "ui/views/scriptpanel.h"
#include "ui/views/startpage.h"
#include "ui/window/banner.h"
#include "ui/window/convertdialog.h"
#include "ui/window/filedesk.h"
#include "ui/window/mainwindow.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"

#include <QApplication>
#include <QCheckBox>
#include <QDir>
#include <QFile>
#include <QLineEdit>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

namespace rekey::ui {

namespace {

ColourScheme scheme = ColourScheme::Light;

class Tour : public ::testing::Test
{
protected:
    void SetUp() override
    {
        applyColourScheme(scheme);
        settings = std::make_unique<Settings>(folder.filePath(QStringLiteral("settings.ini")));
        settings->setColourScheme(scheme);
        settings->setLastFolder(QStringLiteral("convert"), folder.path());
        jobs = std::make_unique<Jobs>();
        session = std::make_unique<Session>(*jobs, *settings);
        window = std::make_unique<MainWindow>(*session);
        window->resize(1440, 900);
        window->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window.get()));
        window->activateWindow();
        ASSERT_TRUE(QTest::qWaitForWindowActive(window.get()));
    }

    void TearDown() override { window.reset(); }

    void picture(const char *step)
    {
        QTest::qWait(60); // layouts and the last paint
        const QString name = scheme == ColourScheme::Dark ? QStringLiteral("dark") : QStringLiteral("light");
        QDir().mkpath(QStringLiteral(REKEY_BUILD "/tour"));
        QWidget *dialog = QApplication::activeModalWidget();
        QPixmap shot = window->grab();
        if (dialog != nullptr) {
            QPainter painter(&shot);
            painter.fillRect(window->rect(), QColor(0, 0, 0, 80));
            painter.drawPixmap(window->mapFromGlobal(dialog->mapToGlobal(QPoint())), dialog->grab());
        }
        ASSERT_TRUE(shot.save(QStringLiteral(REKEY_BUILD "/tour/%1-%2.png").arg(QString::fromLatin1(step), name)));
    }

    void click(QWidget *widget) { QTest::mouseClick(widget, Qt::LeftButton); }

    QPoint rowCentre(QAbstractItemView &view, const QModelIndex &index)
    {
        view.scrollTo(index, QAbstractItemView::PositionAtCenter);
        QTest::qWait(20);
        return {view.visualRect(index).x() + 60, view.visualRect(index).center().y()};
    }

    void clickRow(QAbstractItemView &view, const QModelIndex &index)
    {
        ASSERT_TRUE(index.isValid());
        QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::NoModifier, rowCentre(view, index));
    }

    /// The leaf that holds a key, expanded into sight.
    QModelIndex rowOfKey(Side side, const std::string &key)
    {
        KeyTreeView *view = window->map()->panel(side)->view();
        const auto &schema = *view->keys()->schema();
        for (std::uint32_t i = 0; i < schema.tensors.size(); ++i) {
            if (schema.tensors[i].key == key) {
                view->reveal(view->keys()->tree()->leafOf[i]);
                return view->keys()->indexOf(view->keys()->tree()->leafOf[i]);
            }
        }
        return {};
    }

    void segmentEverything();
    void runModule();
    /// Layer by layer on the photo, then the weights of the converted file, then those of the untrained target.
    void checkParity(const QString &converted);

    bool settled() const { return session->document().isResolved() && !session->isSuggesting(); }

    /// A rule whose source pattern text contains `part`.
    std::uint32_t ruleWith(const char *part) const
    {
        const auto &rules = session->document().mapping().rules;
        for (std::uint32_t i = 0; i < rules.size(); ++i) {
            for (const Pattern &pattern : rules[i].sources) {
                if (pattern.text().find(part) != std::string::npos)
                    return i;
            }
        }
        return none;
    }

    QTemporaryDir folder;
    std::unique_ptr<Settings> settings;
    std::unique_ptr<Jobs> jobs;
    std::unique_ptr<Session> session;
    std::unique_ptr<MainWindow> window;
};

/// Controls of a tool bar that reach beyond it or into each other.
QStringList cutOff(const QWidget &bar)
{
    QStringList found;
    QList<const QWidget *> seen;
    for (const QWidget *child : bar.findChildren<QWidget *>(QString(), Qt::FindDirectChildrenOnly)) {
        if (!child->isVisible())
            continue;
        bool cut = !bar.rect().contains(child->geometry()) || child->width() < child->minimumSizeHint().width();
        for (const QWidget *other : seen)
            cut = cut || other->geometry().intersects(child->geometry());
        if (cut)
            found << QStringLiteral("%1 %2 at %3+%4")
                         .arg(QLatin1String(child->metaObject()->className()), child->accessibleName())
                         .arg(child->x())
                         .arg(child->width());
        seen << child;
    }
    return found;
}

#define WAIT_FOR(condition, milliseconds) ASSERT_TRUE(QTest::qWaitFor([&] { return bool(condition); }, milliseconds)) << #condition

} // namespace

void Tour::segmentEverything()
{
    SegmentPage *segment = window->segment();
    segment->side().setKind(SegmentTaskKind::Everything);
    EverythingOptions options;
    options.pointsPerSide = 6;
    options.predictedIouThreshold = 0.5; // the demo's model is modest
    options.stabilityThreshold = 0.3;
    segment->everything().setOptions(options);
    segment->everything().start();
    WAIT_FOR(segment->everything().answer(Which::Converted) != nullptr && !segment->everything().isRunning(), 60000);
    const EverythingAnswer *original = segment->everything().answer(Which::Original),
                           *converted = segment->everything().answer(Which::Converted);
    ASSERT_TRUE(original && original->result && converted->result) << original->error.toStdString();
    EXPECT_GT(original->result->masks.size(), 0U);
    EXPECT_EQ(original->result->masks.size(), converted->result->masks.size());
    QTest::mouseMove(segment->originalCard().canvas().viewport(), segment->originalCard().canvas().viewport()->rect().center());
    picture("16-everything");
    segment->side().setKind(SegmentTaskKind::Prompts);
    segment->promptWithMask();
    WAIT_FOR(!segment->run().isRunning(), 30000);
    picture("16-earlier-mask");
    segment->prompts().undoStack().undo();
    WAIT_FOR(!segment->run().isRunning(), 30000);
}

void Tour::runModule()
{
    ModuleWindow &module = window->segment()->moduleWindow();
    module.show();
    const auto shot = [&module](const char *step) {
        QTest::qWait(60);
        const QString name = scheme == ColourScheme::Dark ? QStringLiteral("dark") : QStringLiteral("light");
        ASSERT_TRUE(module.grab().save(QStringLiteral(REKEY_BUILD "/tour/%1-%2.png").arg(QString::fromLatin1(step), name)));
    };
    WAIT_FOR(!module.run().picture().isNull(), 10000);
    shot("23-module-empty");
    module.open(REKEY_TEST_DATA "/ui/torchscript_three_outputs.pt");
    shot("23-module-consent");
    EXPECT_FALSE(module.run().result());
    QTest::mouseClick(module.consentButton(), Qt::LeftButton);
    WAIT_FOR(module.run().result() || !module.run().error().isEmpty(), 30000);
    ASSERT_TRUE(module.run().result()) << module.run().error().toStdString();
    ASSERT_EQ(module.run().result()->outputs.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        module.setChoice({i, likelyKind(module.run().result()->outputs[i]), 0, 0});
        WAIT_FOR(jobs->running().isEmpty(), 10000);
        EXPECT_TRUE(module.outputView().output().error.isEmpty()) << module.outputView().output().error.toStdString();
        shot(("23-module-output-" + std::to_string(i)).c_str());
    }
    module.close();
    window->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window.get()));
}

void Tour::checkParity(const QString &converted)
{
    ParityPage *parity = window->parity();
    picture("18-parity");
    QTest::keyClick(window.get(), Qt::Key_F5);
    WAIT_FOR(parity->run().result() && !parity->run().isRunning(), 60000);
    EXPECT_TRUE(parity->run().error().isEmpty()) << parity->run().error().toStdString();
    picture("18-parity-layers");
    // A click in the plot chooses a layer in the table.
    auto *canvas = parity->plot().findChild<QWidget *>();
    QTest::mouseMove(canvas, parity->plot().positionOf(5));
    QTest::mouseClick(canvas, Qt::LeftButton, Qt::NoModifier, parity->plot().positionOf(5));
    EXPECT_EQ(parity->layers().currentRow(), 5);
    picture("18-parity-layer");
    parity->run().setReference({ParityReference::Kind::Checkpoint, converted.toStdString(), {}});
    parity->run().start();
    WAIT_FOR(parity->run().result() && !parity->run().isRunning() && !parity->run().isOutOfDate(), 60000);
    EXPECT_TRUE(parity->verdict().text().startsWith(QStringLiteral("Weights equal"))) << parity->verdict().text().toStdString();
    picture("18-parity-weights");
    parity->run().setReference({ParityReference::Kind::Target, {}, {}});
    parity->run().start();
    WAIT_FOR(!parity->run().isRunning() && !parity->run().isOutOfDate(), 60000);
    EXPECT_TRUE(parity->verdict().text().startsWith(QStringLiteral("The target looks freshly initialised")))
        << parity->verdict().text().toStdString();
    picture("18-parity-fresh");
    // One click leads to the rules of a layer.
    parity->run().setReference({});
    parity->run().start();
    WAIT_FOR(!parity->run().isRunning() && !parity->run().isOutOfDate(), 60000);
    parity->chooseLayer(5);
    Q_EMIT parity->layerPanel().rulesAsked(parity->run().result()->layers->rows[5].rules);
    EXPECT_TRUE(window->map()->isVisible());
    picture("18-parity-rules");
}

TEST_F(Tour, WalksThroughTheDemo)
{
    // 1. The start page, and from it the demo.
    ASSERT_TRUE(window->isAtStart());
    picture("01-start");
    click(window->start()->demoButton());
    WAIT_FOR(session->hasPair() && settled() && !session->document().mapping().rules.empty(), 20000);
    ASSERT_FALSE(window->isAtStart());
    const auto resolution = session->document().resolution();
    EXPECT_EQ(resolution->targets.size(), 231U);
    EXPECT_TRUE(resolution->complete()) << "the demo's rules are not all suggested";
    EXPECT_TRUE(window->windowTitle().contains(QStringLiteral("sam_tiny.pth → hf_sam_tiny_init")));
    WAIT_FOR(session->statisticsCount(Side::Target) == 231, 20000);
    QTest::qWait(150); // the scroll bars' marks follow a little later
    picture("02-map");

    // A saved mapping in place of the suggested one: the steps below name its rules.
    const auto known = recognise(session->checkpoint(Side::Source)->schema());
    ASSERT_TRUE(known);
    const std::filesystem::path saved = folder.filePath(QStringLiteral("sam.rekey.json")).toStdString();
    saveMapping(namingMapping(*known->architecture, known->naming->id, "hf"), saved);
    window->openPaths({QString::fromStdString(saved.string())});
    WAIT_FOR(settled() && session->document().resolution()->complete(), 5000);
    EXPECT_EQ(session->document().resolution()->count(TargetStatus::Filled), 231U);
    EXPECT_FALSE(session->document().isModified());
    picture("02-mapping");

    // 2. Look at a histogram: a click on a source row selects its partner and its rule.
    MapPage *map = window->map();
    KeyTreeView *source = map->panel(Side::Source)->view(), *target = map->panel(Side::Target)->view();
    clickRow(*source, rowOfKey(Side::Source, "image_encoder.blocks.0.attn.qkv.weight"));
    EXPECT_EQ(session->selection().source.size(), 6U);
    EXPECT_EQ(session->selection().target.size(), 6U);
    EXPECT_NE(session->selection().rule, none);
    auto *histogram = map->bottom()->findChild<HistogramDock *>();
    ASSERT_NE(histogram, nullptr);
    QTest::qWait(400);
    picture("03-histogram");

    // 3. Reject a rule: its keys are missing and unused again; undo brings it back.
    const std::uint32_t neck = ruleWith("image_encoder.neck");
    ASSERT_NE(neck, none);
    const Rule rejected = session->document().mapping().rules[neck];
    clickRow(*map->rules(), map->rules()->rules()->indexOfRule(neck));
    QTest::keyClick(map->rules(), Qt::Key_Delete);
    WAIT_FOR(settled(), 5000);
    EXPECT_LT(session->document().resolution()->count(TargetStatus::Filled), 231U);
    EXPECT_GT(session->document().resolution()->count(SourceStatus::Unused), 0U);
    picture("04-rejected");
    QTest::keyClick(window.get(), Qt::Key_Z, Qt::ControlModifier);
    WAIT_FOR(settled(), 5000);
    EXPECT_EQ(session->document().resolution()->count(TargetStatus::Filled), 231U);

    // 4. Reject it again, and write it anew by hand.
    clickRow(*map->rules(), map->rules()->rules()->indexOfRule(neck));
    QTest::keyClick(map->rules(), Qt::Key_Delete);
    WAIT_FOR(settled() && session->document().resolution()->count(TargetStatus::Filled) < 231, 5000);
    const std::size_t open = openKeys(*session->document().resolution());
    QTest::keyClick(window.get(), Qt::Key_N, Qt::ControlModifier);
    ASSERT_NE(map->newRuleEditor(), nullptr);
    const RuleDraft draft = RuleDraft::of(rejected);
    RuleEditor *added = map->newRuleEditor();
    added->sources()->clear();
    added->targets()->clear();
    QTest::keyClicks(added->sources(), draft.sources);
    QTest::keyClick(added->sources(), Qt::Key_Tab);
    QTest::keyClicks(added->targets(), draft.targets);
    WAIT_FOR(added->effectText().contains(QStringLiteral("missing")), 3000);
    EXPECT_TRUE(added->effectText().contains(QStringLiteral("fills <b>%1 missing</b>").arg(open))) << added->effectText().toStdString();
    picture("05-rule-added");
    QTest::keyClick(added->targets(), Qt::Key_Return);
    WAIT_FOR(settled() && session->document().resolution()->count(TargetStatus::Filled) == 231, 5000);
    EXPECT_TRUE(session->document().isModified());

    // 5. Edit a rule in place; the effect is shown while typing, Esc leaves everything as it was.
    const std::uint32_t edited = ruleWith("blocks.{i}.norm");
    ASSERT_NE(edited, none);
    clickRow(*map->rules(), map->rules()->rules()->indexOfRule(edited));
    QTest::keyClick(map->rules(), Qt::Key_F2);
    RuleEditor *editor = map->rules()->editor();
    ASSERT_NE(editor, nullptr);
    WAIT_FOR(!editor->effectText().isEmpty(), 3000);
    EXPECT_TRUE(editor->effectText().contains(QStringLiteral("no collision"))) << editor->effectText().toStdString();
    picture("06-edit");
    const QString good = editor->effectText();
    QTest::keyClicks(editor->targets(), QStringLiteral("x"));
    WAIT_FOR(editor->effectText() != good && !editor->effectText().contains(QStringLiteral("shapes agree")), 3000);
    picture("07-edit-wrong");
    const std::size_t before = session->document().mapping().rules.size();
    QTest::keyClick(editor->targets(), Qt::Key_Escape);
    EXPECT_EQ(map->rules()->editor(), nullptr);
    EXPECT_EQ(session->document().mapping().rules.size(), before);
    QTest::qWait(50);

    // 6. Drag a source row onto a target row; the label says the rule before it is made.
    const std::uint32_t dragged = ruleWith("output_upscaling");
    ASSERT_NE(dragged, none);
    clickRow(*map->rules(), map->rules()->rules()->indexOfRule(dragged));
    QTest::keyClick(map->rules(), Qt::Key_Delete);
    WAIT_FOR(settled() && session->document().resolution()->count(TargetStatus::Filled) < 231, 5000);
    const std::size_t filledBefore = session->document().resolution()->count(TargetStatus::Filled);
    const QModelIndex from = rowOfKey(Side::Source, "mask_decoder.output_upscaling.0.weight");
    const QModelIndex to = rowOfKey(Side::Target, "mask_decoder.upscale_conv1.weight");
    ASSERT_TRUE(from.isValid() && to.isValid());
    const QPoint start = rowCentre(*source, from), over = rowCentre(*target, to);
    const QPoint end = source->viewport()->mapFromGlobal(target->viewport()->mapToGlobal(over));
    QTest::mousePress(source->viewport(), Qt::LeftButton, Qt::NoModifier, start);
    for (int i = 1; i <= 8; ++i)
        QTest::mouseMove(source->viewport(), start + (end - start) * i / 8, 20);
    ASSERT_TRUE(map->drag()->isDragging());
    WAIT_FOR(map->drag()->label().contains(QStringLiteral("→")), 3000);
    picture("08-drag");
    QTest::mouseRelease(source->viewport(), Qt::LeftButton, Qt::NoModifier, end);
    WAIT_FOR(map->proposal(), 5000);
    EXPECT_EQ(session->document().resolution()->count(TargetStatus::Filled), filledBefore) << "a drop only proposes";
    picture("08-proposal");
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    WAIT_FOR(settled() && session->document().resolution()->count(TargetStatus::Filled) > filledBefore, 5000);
    picture("09-dropped");
    // The rest of the rejected rule comes back with it.
    window->activateWindow();
    for (int i = 0; i < 2; ++i) {
        QTest::keyClick(window.get(), Qt::Key_Z, Qt::ControlModifier);
        WAIT_FOR(settled(), 5000);
    }
    EXPECT_EQ(session->document().resolution()->count(TargetStatus::Filled), 231U);

    // 7. Filter, and a filter without hits.
    QTest::keyClick(window.get(), Qt::Key_F, Qt::ControlModifier);
    QTest::keyClicks(map->toolBar()->filter(), QStringLiteral("qkv"));
    WAIT_FOR(source->keys()->rowCount() == 1, 3000);
    picture("10-filter");
    map->toolBar()->filter()->clear();
    QTest::keyClicks(map->toolBar()->filter(), QStringLiteral("qvk"));
    WAIT_FOR(source->keys()->rowCount() == 0, 3000);
    picture("11-no-hits");
    QTest::keyClick(map->toolBar()->filter(), Qt::Key_Escape);
    WAIT_FOR(source->keys()->rowCount() > 1, 3000);

    // 8. The script is always current.
    QTest::mouseClick(map->bottom()->tabs(), Qt::LeftButton, Qt::NoModifier, map->bottom()->tabs()->tabRect(3).center());
    QTest::qWait(300);
    picture("12-script");
    for (const int tab : {1, 2, 4, 5}) {
        QTest::mouseClick(map->bottom()->tabs(), Qt::LeftButton, Qt::NoModifier, map->bottom()->tabs()->tabRect(tab).center());
        picture(("13-panel-" + std::to_string(tab)).c_str());
    }
    QTest::mouseClick(map->bottom()->tabs(), Qt::LeftButton, Qt::NoModifier, map->bottom()->tabs()->tabRect(0).center());

    // 9. Convert, through the dialog.
    click(map->toolBar()->convert());
    auto *dialog = window->findChild<ConvertDialog *>();
    ASSERT_NE(dialog, nullptr);
    WAIT_FOR(dialog->isVisible() && dialog->convertButton()->isEnabled(), 3000);
    picture("14-convert");
    const QString destination = folder.filePath(QStringLiteral("converted.safetensors"));
    dialog->destination()->setText(destination);
    click(dialog->convertButton());
    WAIT_FOR(window->banner()->isVisible(), 60000);
    EXPECT_EQ(window->banner()->status(), Status::Proven) << window->banner()->text().toStdString();
    ASSERT_TRUE(QFile::exists(destination)) << window->banner()->text().toStdString();
    EXPECT_TRUE(QFile::exists(folder.filePath(QStringLiteral("converted.rekey.json"))));
    EXPECT_EQ(openCheckpoint(destination.toStdString())->tensors().size(), 231U);
    picture("15-converted");

    // There is no window manager here that would give the focus back after a dialog.
    window->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window.get()));

    // 10. Click on the photo: the original and the converted model answer alike.
    QTest::keyClick(window.get(), Qt::Key_3, Qt::ControlModifier);
    SegmentPage *segment = window->segment();
    WAIT_FOR(!segment->run().picture().isNull(), 20000);
    WAIT_FOR(segment->run().canRun(), 5000);
    Canvas &canvas = segment->originalCard().canvas();
    QTest::qWait(100);
    QTest::mouseClick(canvas.viewport(), Qt::LeftButton, Qt::NoModifier, canvas.viewport()->rect().center());
    QTest::keyClick(window.get(), Qt::Key_F5);
    WAIT_FOR(segment->run().agreement(segment->run().chosen()) != nullptr && !segment->run().isRunning(), 60000);
    EXPECT_GE(segment->run().agreement(segment->run().chosen())->maskIou, 0.99);
    picture("16-segment");
    segmentEverything();
    runModule();

    // 11. The other rooms, and an export.
    QTest::keyClick(window.get(), Qt::Key_1, Qt::ControlModifier);
    QTest::qWait(400);
    picture("17-inspect");
    QTest::keyClick(window.get(), Qt::Key_4, Qt::ControlModifier);
    checkParity(destination);
    QTest::keyClick(window.get(), Qt::Key_2, Qt::ControlModifier);
    const QString script = folder.filePath(QStringLiteral("script.py"));
    window->desk().exportTo(QStringLiteral("python"), script);
    WAIT_FOR(QFile::exists(script), 5000);
    QFile file(script);
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    EXPECT_TRUE(file.readAll().contains("torch"));
}

TEST_F(Tour, ShowsEmptyAndBadFiles)
{
    session->open(Side::Source, demoFolder() / "sam_tiny.pth");
    WAIT_FOR(session->checkpoint(Side::Source), 10000);
    QTest::qWait(400);
    picture("20-no-target");
    const QString bad = folder.filePath(QStringLiteral("model-00002-of-00003.safetensors"));
    QFile file(bad);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    QByteArray header(R"({"vision_encoder.layers.0.mlp.lin1.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[0,64]},)"
                      R"("vision_encoder.layers.1.mlp.lin1.weight":{"dtype":"F32","shape":[4,4],"data_offsets":[64,128]}})");
    header = header.leftJustified((header.size() + 7) / 8 * 8, ' ');
    file.write(QByteArray(1, static_cast<char>(header.size())) + QByteArray(7, '\0') + header + QByteArray(100, '\0'));
    file.close();
    session->open(Side::Target, bad.toStdString());
    WAIT_FOR(session->failure(Side::Target) != nullptr, 10000);
    EXPECT_TRUE(session->checkpoint(Side::Source)) << "the other side stays open";
    picture("21-bad-file");
}

TEST_F(Tour, FitsEverySize)
{
    session->openDemo();
    WAIT_FOR(session->hasPair() && settled() && !session->document().mapping().rules.empty(), 20000);
    Room *const rooms[] = {window->findChild<InspectPage *>(), window->map(), window->segment(), window->parity()};
    const char *const names[] = {"inspect", "map", "segment", "parity"};
    for (const QSize &size : {QSize(1024, 640), QSize(1280, 720), QSize(1440, 900)}) {
        window->resize(size);
        for (int room = 0; room < 4; ++room) {
            QTest::keyClick(window.get(), Qt::Key(Qt::Key_1 + room), Qt::ControlModifier);
            QTest::qWait(200);
            EXPECT_EQ(window->size(), size);
            EXPECT_EQ(cutOff(*rooms[room]->toolBarWidget()), QStringList()) << names[room] << " at " << size.width();
            picture(("22-" + std::string(names[room]) + "-" + std::to_string(size.width())).c_str());
        }
    }
}

} // namespace rekey::ui

int main(int argc, char **argv)
{
    ::testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        if (qstrcmp(argv[i], "dark") == 0)
            rekey::ui::scheme = rekey::ui::ColourScheme::Dark;
    }
    QApplication application(argc, argv);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    rekey::ui::prepareApplication();
    return RUN_ALL_TESTS();
}
