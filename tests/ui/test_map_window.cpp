// SPDX-License-Identifier: GPL-3.0-or-later
// What a person does in the Map room, with mouse and keys, and what the window then shows.
#include "tests/ui/windowtest.h"

#include "core/suggest/suggest.h"
#include "ui/document/ruleedits.h"
#include "ui/document/rulesedit.h"
#include "ui/models/bindingsmodel.h"
#include "ui/models/rulesmodel.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/keytreeview.h"
#include "ui/views/mapdocks.h"
#include "ui/views/mappage.h"
#include "ui/views/pairing.h"
#include "ui/views/pairingproposal.h"
#include "ui/views/rulespanel.h"
#include "ui/views/rulesview.h"
#include "ui/window/banner.h"
#include "ui/window/completenessgate.h"
#include "ui/window/convertdialog.h"
#include "ui/window/exportdialog.h"
#include "ui/window/filedesk.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"

#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QLineEdit>
#include <QListWidget>
#include <QMessageBox>
#include <QTimer>

namespace rekey::ui {

namespace {

/// Three blocks whose q, k and v are one on the other side, and a head that nothing fills.
class MapWindow : public WindowTest
{
protected:
    void SetUp() override
    {
        WindowTest::SetUp();
        Schema source, target;
        std::uint32_t i = 0, j = 0;
        for (int block = 0; block < 3; ++block) {
            const std::string from = "enc.layers." + std::to_string(block) + ".attn.",
                              to = "vis.blocks." + std::to_string(block) + ".attn.";
            for (const char *name : {"q_proj", "k_proj", "v_proj"})
                source.tensors.push_back({from + name + ".weight", {8, 8}, DType::F32, i++});
            source.tensors.push_back({from + "out.weight", {8, 8}, DType::F32, i++});
            target.tensors.push_back({to + "qkv.weight", {24, 8}, DType::F32, j++});
            target.tensors.push_back({to + "proj.weight", {8, 8}, DType::F32, j++});
        }
        source.tensors.push_back({"aux.weight", {5}, DType::F32, i++});
        target.tensors.push_back({"head.weight", {4, 8}, DType::F32, j++});
        session->setCheckpoints(checkpointFromSchema(source), checkpointFromSchema(target));
        ASSERT_TRUE(waitFor([this] { return settled(); }));
        window->showRoom(MainWindow::Map);
    }

    std::uint32_t tensor(Side side, const char *key) const
    {
        return static_cast<std::uint32_t>(session->checkpoint(side)->find(key));
    }

    std::uint32_t leaf(Side side, const char *key) const { return session->keyTree(side)->leafOf[tensor(side, key)]; }

    QPoint rowPoint(Side side, const char *key)
    {
        KeyTreeView *view = window->map()->panel(side)->view();
        view->reveal(leaf(side, key));
        QTest::qWait(20);
        return {view->visualRect(view->keys()->indexOf(leaf(side, key))).x() + 60,
                view->visualRect(view->keys()->indexOf(leaf(side, key))).center().y()};
    }

    /// Drags the selected source rows, by the one with `from`, onto the target row.
    void drag(const char *from, const char *to)
    {
        QWidget *source = window->map()->panel(Side::Source)->view()->viewport();
        QWidget *target = window->map()->panel(Side::Target)->view()->viewport();
        const QPoint over = rowPoint(Side::Target, to), start = rowPoint(Side::Source, from);
        const QPoint end = source->mapFromGlobal(target->mapToGlobal(over));
        QTest::mousePress(source, Qt::LeftButton, Qt::NoModifier, start);
        for (int i = 1; i <= 6; ++i)
            QTest::mouseMove(source, start + (end - start) * i / 6, 10);
        QTest::mouseRelease(source, Qt::LeftButton, Qt::NoModifier, end);
        ASSERT_TRUE(waitFor([this] { return window->map()->proposal() != nullptr; }));
    }

    void selectSources(std::initializer_list<const char *> keys)
    {
        KeyTreeView *view = window->map()->panel(Side::Source)->view();
        bool first = true;
        for (const char *key : keys) {
            const QPoint at = rowPoint(Side::Source, key);
            QTest::mouseClick(view->viewport(), Qt::LeftButton, first ? Qt::NoModifier : Qt::ControlModifier, at);
            first = false;
        }
    }

    std::size_t filled() const { return session->document().resolution()->count(TargetStatus::Filled); }
    MapPage &map() { return *window->map(); }
};

} // namespace

TEST_F(MapWindow, ADropProposesTheRuleForEveryBlockAndBindsNothingYet)
{
    selectSources({"enc.layers.0.attn.q_proj.weight", "enc.layers.0.attn.k_proj.weight", "enc.layers.0.attn.v_proj.weight"});
    drag("enc.layers.0.attn.q_proj.weight", "vis.blocks.0.attn.qkv.weight");
    PairingProposal *proposal = map().proposal();
    EXPECT_EQ(proposal->chosen().targetKeys, 3U);
    EXPECT_EQ(proposal->chosen().sourceKeys, 9U);
    EXPECT_EQ(proposal->bindings()->rowCount(), 3);
    EXPECT_EQ(proposal->bindings()->index(1, BindingsModel::Targets).data().toString(), QStringLiteral("→ vis.blocks.1.attn.qkv.weight"));
    EXPECT_TRUE(proposal->effectText().contains(QStringLiteral("fills <b>3 open</b>"))) << proposal->effectText().toStdString();
    EXPECT_EQ(filled(), 0U);
    EXPECT_TRUE(session->document().mapping().rules.empty());

    QTest::keyClick(proposal, Qt::Key_Return);
    ASSERT_TRUE(waitFor([this] { return settled() && filled() == 3; }));
    EXPECT_EQ(map().proposal(), nullptr);
    EXPECT_EQ(session->document().mapping().rules.size(), 1U);
    EXPECT_EQ(session->selection().rule, 0U) << "the new rule is the one to look at";
    EXPECT_EQ(session->document().undoStack().count(), 1);
    session->document().undoStack().undo();
    ASSERT_TRUE(waitFor([this] { return settled() && filled() == 0; }));
}

TEST_F(MapWindow, EscapeLeavesEverythingAsItWas)
{
    selectSources({"enc.layers.0.attn.out.weight"});
    drag("enc.layers.0.attn.out.weight", "vis.blocks.0.attn.proj.weight");
    EXPECT_EQ(map().proposal()->chosen().targetKeys, 3U);
    QTest::keyClick(map().proposal(), Qt::Key_Escape);
    QTest::qWait(20);
    EXPECT_EQ(map().proposal(), nullptr);
    EXPECT_TRUE(session->document().mapping().rules.empty());
    EXPECT_EQ(session->document().undoStack().count(), 0);
}

TEST_F(MapWindow, APlanIsForTheMappingThatItWasMadeFrom)
{
    selectSources({"enc.layers.0.attn.out.weight"});
    drag("enc.layers.0.attn.out.weight", "vis.blocks.0.attn.proj.weight");
    session->document().insertRules(0, {rule("aux.weight", "head.weight")}, QStringLiteral("Add"));
    EXPECT_EQ(map().proposal(), nullptr) << "applying it now would lose the other change";
}

TEST_F(MapWindow, DropsAndInitialisesByHandEachAsOneStep)
{
    map().edits().drop({tensor(Side::Source, "aux.weight")}, QStringLiteral("not needed by the target"));
    ASSERT_TRUE(waitFor([this] { return settled() && session->document().resolution()->count(SourceStatus::Dropped) == 1; }));
    EXPECT_EQ(session->document().mapping().rules.back().reason, "not needed by the target");
    map().edits().initialise({tensor(Side::Target, "head.weight")}, InitPolicy::Zeros);
    ASSERT_TRUE(waitFor([this] { return settled() && session->document().resolution()->count(TargetStatus::Initialised) == 1; }));
    EXPECT_EQ(session->document().undoStack().count(), 2);
}

TEST_F(MapWindow, PatternsForRowsMatchExactlyThem)
{
    const Schema &source = session->checkpoint(Side::Source)->schema();
    const KeyTree &tree = *session->keyTree(Side::Source);
    std::vector<std::uint32_t> all;
    for (int block = 0; block < 3; ++block)
        all.push_back(tensor(Side::Source, ("enc.layers." + std::to_string(block) + ".attn.out.weight").c_str()));
    const auto whole = patternsFor(all, tree, source);
    ASSERT_EQ(whole.size(), 1U);
    EXPECT_FALSE(whole.front().isLiteral());
    const auto part = patternsFor({all[0], all[2]}, tree, source);
    ASSERT_EQ(part.size(), 2U);
    EXPECT_TRUE(part[0].isLiteral() && part[1].isLiteral());
}

TEST_F(MapWindow, BulkAcceptIsOneStep)
{
    Mapping mapping;
    mapping.rules = {rule("enc.layers.{i}.attn.out.weight", "vis.blocks.{i}.attn.proj.weight"), rule("aux.weight", "head.weight")};
    for (Rule &suggested : mapping.rules)
        suggested.state = RuleState::Suggested;
    session->document().load(mapping, {});
    ASSERT_TRUE(waitFor([this] { return settled(); }));
    QTest::keyClick(window.get(), Qt::Key_Return, Qt::ControlModifier | Qt::ShiftModifier);
    for (const Rule &accepted : session->document().mapping().rules)
        EXPECT_EQ(accepted.state, RuleState::Accepted);
    EXPECT_EQ(session->document().undoStack().count(), 1);
}

TEST_F(MapWindow, EnterGoesFromAKeyToItsRule)
{
    session->document().load(Mapping {{}, {}, {}, {}, {rule("enc.layers.{i}.attn.out.weight", "vis.blocks.{i}.attn.proj.weight")}, false},
                             {});
    ASSERT_TRUE(waitFor([this] { return settled() && filled() == 3; }));
    selectSources({"enc.layers.0.attn.out.weight"});
    EXPECT_EQ(session->selection().rule, 0U);
    QTest::keyClick(map().panel(Side::Source)->view(), Qt::Key_Return);
    EXPECT_TRUE(map().rules()->hasFocus() || window->focusWidget() == map().rules());
    EXPECT_EQ(map().rules()->currentRule(), 0U);
}

TEST_F(MapWindow, ExportAsksWhenKeysAreOpenAndTheMappingRecordsTheAnswer)
{
    session->document().load(Mapping {{}, {}, {}, {}, {rule("enc.layers.{i}.attn.out.weight", "vis.blocks.{i}.attn.proj.weight")}, false},
                             {});
    ASSERT_TRUE(waitFor([this] { return settled() && filled() == 3; }));
    window->desk().exportMapping(QStringLiteral("json"));
    auto *dialog = window->findChild<ExportDialog *>();
    ASSERT_NE(dialog, nullptr);
    EXPECT_EQ(dialog->kinds()->count(), static_cast<int>(exporters().size())) << "every exporter of core";
    ASSERT_TRUE(waitFor([&] { return dialog->text().contains(QStringLiteral("rekey-mapping")); })) << dialog->text().toStdString();
    EXPECT_TRUE(dialog->anyway()->isVisible());
    EXPECT_FALSE(dialog->saveButton()->isEnabled());
    EXPECT_FALSE(dialog->copyButton()->isEnabled());
    dialog->anyway()->setChecked(true);
    ASSERT_TRUE(dialog->copyButton()->isEnabled());
    const QString path = folder.filePath(QStringLiteral("out.rekey.json"));
    dialog->saveTo(path);
    ASSERT_TRUE(waitFor([&] { return QFile::exists(path) && session->document().mapping().incompleteAccepted; }));
    EXPECT_TRUE(loadMapping(path.toStdString()).incompleteAccepted);
    EXPECT_TRUE(window->banner()->isVisible());
}

TEST_F(MapWindow, ExportThatCannotBeWrittenSaysSoInTheDialog)
{
    session->document().load(Mapping {{}, {}, {}, {}, {rule("enc.layers.{i}.attn.out.weight", "vis.blocks.{i}.attn.proj.weight")}, false},
                             {});
    ASSERT_TRUE(waitFor([this] { return settled(); }));
    window->desk().exportMapping(QStringLiteral("python"));
    auto *dialog = window->findChild<ExportDialog *>();
    ASSERT_NE(dialog, nullptr);
    dialog->saveTo(folder.filePath(QStringLiteral("no/such/folder/x.py")));
    ASSERT_TRUE(waitFor([&] {
        for (const QLabel *label : dialog->findChildren<QLabel *>()) {
            if (label->text().contains(QStringLiteral("x.py")))
                return true;
        }
        return false;
    }));
    EXPECT_TRUE(dialog->isVisible());
}

TEST_F(MapWindow, AMappingOfAnotherPairAsksAndIsOneStepWhenApplied)
{
    Mapping foreign;
    foreign.rules = {rule("enc.layers.{i}.attn.out.weight", "vis.blocks.{i}.attn.proj.weight")};
    foreign.sources = {{"other.pth", std::string(64, '0'), 99}};
    foreign.target = {"another.pth", std::string(64, '1'), 98};
    const std::filesystem::path path = folder.filePath(QStringLiteral("foreign.rekey.json")).toStdString();
    saveMapping(foreign, path);
    session->openMapping(path);
    ASSERT_TRUE(waitFor([this] { return window->banner()->isVisible(); }));
    EXPECT_TRUE(window->banner()->text().contains(QStringLiteral("other.pth"))) << window->banner()->text().toStdString();
    ASSERT_TRUE(waitFor([this] { return settled(); }));
    EXPECT_NE(session->document().mapping().sources, foreign.sources);
    QTest::mouseClick(window->banner()->findChildren<PageButton *>().front(), Qt::LeftButton);
    ASSERT_TRUE(waitFor([this] { return settled() && session->document().mapping().rules.size() == 1; }));
    EXPECT_EQ(session->document().mapping().target.fingerprint, schemaFingerprint(*session->document().target()));
    EXPECT_GE(session->document().undoStack().count(), 1);
}

TEST_F(MapWindow, AMappingThatCannotBeMeantIsRefused)
{
    Mapping foreign;
    foreign.rules = {rule("nothing.{i}.like.it", "nor.{i}.this")};
    foreign.sources = {{"other.pth", std::string(64, '0'), 99}};
    foreign.target = {"another.pth", std::string(64, '1'), 98};
    const std::filesystem::path path = folder.filePath(QStringLiteral("foreign.rekey.json")).toStdString();
    saveMapping(foreign, path);
    session->openMapping(path);
    ASSERT_TRUE(waitFor([this] { return window->banner()->isVisible(); }));
    EXPECT_EQ(window->banner()->status(), Status::Missing);
}

TEST_F(MapWindow, SavingWhileClosingSavesAndCloses)
{
    const std::filesystem::path path = folder.filePath(QStringLiteral("kept.rekey.json")).toStdString();
    session->document().load({}, path);
    session->document().insertRules(0, {rule("aux.weight", "head.weight")}, QStringLiteral("Add"));
    ASSERT_TRUE(session->document().isModified());
    QTimer::singleShot(200, [] {
        auto *box = qobject_cast<QMessageBox *>(QApplication::activeModalWidget());
        ASSERT_NE(box, nullptr);
        box->button(QMessageBox::Save)->click();
    });
    window->close();
    ASSERT_TRUE(waitFor([this] { return !window->isVisible(); }));
    const Mapping saved = loadMapping(path);
    EXPECT_EQ(saved.rules.size(), 1U);
    EXPECT_EQ(saved.target.fingerprint, schemaFingerprint(*session->document().target())) << "fingerprints are of the open pair";
}

TEST_F(MapWindow, TheNextQuestionIsShownFromAnyRoom)
{
    session->document().load({}, {});
    ASSERT_TRUE(waitFor([this] { return settled() && !session->document().resolution()->complete(); }));
    window->activateWindow();
    QTest::keyClick(window.get(), Qt::Key_1, Qt::ControlModifier);
    ASSERT_FALSE(window->map()->isVisible());
    QTest::keyClick(window.get(), Qt::Key_F7);
    EXPECT_TRUE(window->map()->isVisible());
    EXPECT_FALSE(session->selection().target.empty());
}

TEST_F(MapWindow, DiscardingWhileClosingCloses)
{
    session->document().insertRules(0, {rule("aux.weight", "head.weight")}, QStringLiteral("Add"));
    QTimer::singleShot(200, [] { qobject_cast<QMessageBox *>(QApplication::activeModalWidget())->button(QMessageBox::Discard)->click(); });
    window->close();
    EXPECT_TRUE(waitFor([this] { return !window->isVisible(); }, 2000));
}

TEST_F(MapWindow, CancellingTheQuestionKeepsTheWindow)
{
    session->document().insertRules(0, {rule("aux.weight", "head.weight")}, QStringLiteral("Add"));
    QTimer::singleShot(200, [] { qobject_cast<QMessageBox *>(QApplication::activeModalWidget())->button(QMessageBox::Cancel)->click(); });
    window->close();
    QTest::qWait(50);
    EXPECT_TRUE(window->isVisible());
}

TEST_F(MapWindow, TheGateStopsConvertingUntilItIsOverridden)
{
    session->document().load(Mapping {{}, {}, {}, {}, {rule("enc.layers.{i}.attn.out.weight", "vis.blocks.{i}.attn.proj.weight")}, false},
                             {});
    ASSERT_TRUE(waitFor([this] { return settled(); }));
    window->convert();
    auto *dialog = window->findChild<ConvertDialog *>();
    ASSERT_NE(dialog, nullptr);
    EXPECT_FALSE(dialog->convertButton()->isEnabled());
    dialog->gate()->anyway()->setChecked(true);
    EXPECT_TRUE(dialog->convertButton()->isEnabled());
    EXPECT_TRUE(dialog->choice().request.mapping.incompleteAccepted);
    // A schema has no values: converting fails, and the dialog says why where the person looks.
    dialog->destination()->setText(folder.filePath(QStringLiteral("out.safetensors")));
    QTest::mouseClick(dialog->convertButton(), Qt::LeftButton);
    ASSERT_TRUE(waitFor([&] { return !dialog->errorText().isEmpty(); }, 30000));
    EXPECT_TRUE(dialog->isVisible());
    EXPECT_TRUE(dialog->convertButton()->isEnabled()) << "for another try";
    EXPECT_FALSE(QFile::exists(folder.filePath(QStringLiteral("out.safetensors"))));
    EXPECT_TRUE(session->document().mapping().incompleteAccepted) << "recorded in the document";
}

} // namespace rekey::ui
