// SPDX-License-Identifier: GPL-3.0-or-later
// Files as strangers send them, and what the window says of them.
#include "tests/ui/windowtest.h"

#include "ui/models/factsmodel.h"
#include "ui/models/globalsmodel.h"
#include "ui/views/failurecard.h"
#include "ui/views/keytreepanel.h"
#include "ui/views/mapdocks.h"
#include "ui/views/mappage.h"
#include "ui/views/metadatapanel.h"
#include "ui/views/safetypanel.h"
#include "ui/window/banner.h"
#include "ui/window/jobbar.h"
#include "ui/window/pagebutton.h"

#include <QComboBox>
#include <QFile>

#include <chrono>
#include <thread>

namespace rekey::ui {

namespace {

class FilesWindow : public WindowTest
{
protected:
    MapDocks &docks() { return *window->map()->bottom(); }

    /// A safetensors file of one tensor `key` with four float values.
    std::filesystem::path safetensors(const char *name, const std::string &key)
    {
        std::string header = R"({")" + key + R"(":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";
        header.resize((header.size() + 7) / 8 * 8, ' ');
        std::string bytes(8, '\0');
        bytes[0] = static_cast<char>(header.size());
        return write(name, bytes + header + std::string(16, '\0'));
    }

    bool open(Side side, const std::filesystem::path &path)
    {
        session->open(side, path);
        return waitFor([&] { return session->checkpoint(side) != nullptr || session->failure(side) != nullptr; });
    }
};

std::string text(const QAbstractItemModel &model)
{
    std::string lines;
    for (int row = 0; row < model.rowCount(); ++row) {
        for (int column = 0; column < model.columnCount(); ++column)
            lines += model.index(row, column).data().toString().toStdString() + "|";
        lines += '\n';
    }
    return lines;
}

} // namespace

TEST_F(FilesWindow, AHarmfulPickleOpensAndTheWindowSaysWhatItAsksFor)
{
    ASSERT_TRUE(open(Side::Source, REKEY_TEST_DATA "/corpus/hostile/x_os_system.pt"));
    ASSERT_NE(session->checkpoint(Side::Source), nullptr);
    EXPECT_EQ(session->checkpoint(Side::Source)->tensors().size(), 1U) << "its tensor is listed all the same";
    const GlobalsModel &globals = *docks().safety()->globals(Side::Source);
    ASSERT_GT(globals.rowCount(), 1);
    EXPECT_EQ(globals.index(0, GlobalsModel::Name).data().toString(), QStringLiteral("posix.system")) << "the worst comes first";
    EXPECT_EQ(globals.index(0, GlobalsModel::Grading).data().toString(), QStringLiteral("dangerous"));
    EXPECT_TRUE(globals.index(0, GlobalsModel::Place).data().toString().contains(QStringLiteral("byte")));
    EXPECT_TRUE(docks().safety()->sentence(Side::Source).contains(QStringLiteral("nothing was imported or called")));
    ASSERT_TRUE(window->banner()->isVisible());
    QTest::mouseClick(window->banner()->findChildren<PageButton *>().front(), Qt::LeftButton);
    EXPECT_TRUE(docks().safety()->isVisible());
}

TEST_F(FilesWindow, RootsAreSwitchedInTheMetadataPanel)
{
    ASSERT_TRUE(open(Side::Source, REKEY_TEST_DATA "/corpus/valid/z_checkpoint.pth"));
    ASSERT_NE(session->checkpoint(Side::Source), nullptr);
    QComboBox *root = docks().metadata()->root(Side::Source);
    const auto &roots = session->checkpoint(Side::Source)->roots();
    ASSERT_GT(roots.size(), 1U);
    ASSERT_EQ(root->count(), static_cast<int>(roots.size()));
    const int other = root->currentIndex() == 0 ? 1 : 0;
    const std::string wanted = roots[static_cast<std::size_t>(other)].text;
    root->setCurrentIndex(other);
    Q_EMIT root->activated(other);
    ASSERT_TRUE(waitFor([&] { return session->checkpoint(Side::Source) && session->checkpoint(Side::Source)->root().text == wanted; }));
    EXPECT_EQ(root->currentIndex(), other);
}

TEST_F(FilesWindow, MetadataListsWhatIsNoTensorAndFiltersIt)
{
    std::string header = R"({"__metadata__":{"author":"someone","licence":"free"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(header.size());
    ASSERT_TRUE(open(Side::Source, write("m.safetensors", bytes + header + std::string(4, '\0'))));
    FactsModel &facts = *docks().metadata()->facts(Side::Source);
    ASSERT_TRUE(waitFor([&] { return facts.rowCount() > 0; }));
    const std::string all = text(facts);
    EXPECT_NE(all.find("safetensors"), std::string::npos) << all;
    EXPECT_NE(all.find("licence|free|"), std::string::npos) << all;
    facts.setFilter(QStringLiteral("author"));
    const std::string some = text(facts);
    EXPECT_NE(some.find("someone"), std::string::npos);
    EXPECT_EQ(some.find("licence"), std::string::npos);
    EXPECT_EQ(facts.shownFacts(), 1U);
}

TEST_F(FilesWindow, AFileThatEndsTooEarlyStillOpensItsKeys)
{
    const std::filesystem::path path = safetensors("cut.safetensors", "encoder.weight");
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 8);
    ASSERT_TRUE(open(Side::Target, path));
    ASSERT_NE(session->failure(Side::Target), nullptr);
    ASSERT_NE(session->failure(Side::Target)->keys, nullptr);
    window->showRoom(MainWindow::Map);
    FailureCard *card = window->map()->panel(Side::Target)->failureCard();
    ASSERT_TRUE(card->isVisible());
    ASSERT_TRUE(card->keysOnlyButton()->isVisible());
    QTest::mouseClick(card->keysOnlyButton(), Qt::LeftButton);
    ASSERT_TRUE(waitFor([this] { return session->checkpoint(Side::Target) != nullptr; }));
    EXPECT_EQ(session->checkpoint(Side::Target)->tensors().front().key, "encoder.weight");
    EXPECT_FALSE(session->checkpoint(Side::Target)->hasValues());
}

TEST_F(FilesWindow, AFileThatIsNoCheckpointOffersNoKeys)
{
    ASSERT_TRUE(open(Side::Target, write("nonsense.bin", "this is no checkpoint")));
    ASSERT_NE(session->failure(Side::Target), nullptr);
    EXPECT_EQ(session->failure(Side::Target)->keys, nullptr);
    window->showRoom(MainWindow::Map);
    EXPECT_FALSE(window->map()->panel(Side::Target)->failureCard()->keysOnlyButton()->isVisible());
}

TEST_F(FilesWindow, AFileThatChangesIsNoticedAndOpenedAgain)
{
    const std::filesystem::path path = safetensors("a.safetensors", "before");
    ASSERT_TRUE(open(Side::Source, path));
    ASSERT_NE(session->checkpoint(Side::Source), nullptr);
    QTest::qWait(50);
    safetensors("a.safetensors", "afterwards");
    ASSERT_TRUE(waitFor([this] { return window->banner()->isVisible(); }));
    EXPECT_TRUE(window->banner()->text().contains(QStringLiteral("a.safetensors was changed")));
    QTest::mouseClick(window->banner()->findChildren<PageButton *>().front(), Qt::LeftButton);
    ASSERT_TRUE(waitFor([this] {
        const CheckpointPtr checkpoint = session->checkpoint(Side::Source);
        return checkpoint && checkpoint->tensors().front().key == "afterwards";
    }));
}

TEST_F(FilesWindow, AFileThatVanishesIsNoticedAndItsKeysStay)
{
    const std::filesystem::path path = safetensors("gone.safetensors", "w");
    ASSERT_TRUE(open(Side::Source, path));
    QTest::qWait(50);
    std::filesystem::remove(path);
    ASSERT_TRUE(waitFor([this] { return window->banner()->isVisible(); }));
    EXPECT_TRUE(window->banner()->text().contains(QStringLiteral("was removed")));
    ASSERT_NE(session->checkpoint(Side::Source), nullptr);
    EXPECT_EQ(session->checkpoint(Side::Source)->tensors().size(), 1U);
    QTest::mouseClick(window->banner()->findChildren<PageButton *>().front(), Qt::LeftButton);
    ASSERT_TRUE(waitFor([this] { return session->failure(Side::Source) != nullptr; }));
}

TEST_F(FilesWindow, OpeningAgainKeepsTheRules)
{
    const std::filesystem::path source = safetensors("s.safetensors", "w");
    ASSERT_TRUE(open(Side::Source, source));
    ASSERT_TRUE(open(Side::Target, safetensors("t.safetensors", "v")));
    ASSERT_TRUE(waitFor([this] { return session->hasPair() && settled(); }));
    Mapping mine;
    mine.rules = {rule("w", "v")};
    mine.note = "mine";
    session->document().change(mine, QStringLiteral("Edit"));
    ASSERT_TRUE(waitFor([this] { return settled(); }));
    session->reopen(Side::Source);
    ASSERT_TRUE(waitFor([this] { return session->hasPair() && settled() && !session->document().mapping().rules.empty(); }));
    EXPECT_EQ(session->document().mapping().note, "mine");
}

TEST(JobBar, LeavesOutWhatIsShownBesideIt)
{
    Jobs jobs;
    JobBar bar(jobs);
    QObject receiver;
    Job *slow = jobs.start(
        &receiver, QStringLiteral("slow"), QStringLiteral("Slow work"),
        [](const Progress &progress) {
            for (std::uint64_t i = 0; i < 20000; ++i) {
                progress.step(i, 20000, "slow");
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
            return true;
        },
        [](bool) {});
    const Job *elsewhere = slow;
    bar.setShownElsewhere([&] { return elsewhere; });
    QTest::qWait(600);
    EXPECT_TRUE(bar.isHidden());
    elsewhere = nullptr;
    EXPECT_TRUE(QTest::qWaitFor([&] { return !bar.isHidden(); }, 3000));
    slow->cancel();
    EXPECT_TRUE(QTest::qWaitFor([&] { return bar.isHidden(); }, 3000));
}

TEST_F(FilesWindow, TheBannerOfNoQuestionLeadsOnAndGoesWithTheNextChange)
{
    ASSERT_TRUE(open(Side::Source, safetensors("s.safetensors", "w")));
    ASSERT_TRUE(open(Side::Target, safetensors("t.safetensors", "w")));
    ASSERT_TRUE(waitFor([this] { return session->hasPair() && settled() && session->document().resolution()->complete(); }));
    QTest::keyClick(window.get(), Qt::Key_F7);
    ASSERT_TRUE(window->banner()->isVisible());
    EXPECT_EQ(window->banner()->text(), QStringLiteral("1 of 1 target keys filled, no open question is left."));
    session->document().change({}, QStringLiteral("Clear"));
    EXPECT_TRUE(waitFor([this] { return !window->banner()->isVisible(); }));
}

} // namespace rekey::ui
