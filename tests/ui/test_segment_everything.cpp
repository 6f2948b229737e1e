// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fakesegmenter.h"
#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/segment/canvas.h"
#include "ui/segment/canvascard.h"
#include "ui/segment/computepanel.h"
#include "ui/segment/everythingrun.h"
#include "ui/segment/maskactions.h"
#include "ui/segment/maskfiles.h"
#include "ui/segment/segmentpage.h"
#include "ui/segment/segmentside.h"
#include "ui/window/notice.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/settings.h"

#include <QClipboard>
#include <QFile>
#include <QGuiApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

using testing::FakeLog;

class EverythingTest : public ::testing::Test
{
protected:
    EverythingTest()
    {
        page.resize(1440, 760);
        page.show();
        const CheckpointPtr checkpoint = openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init");
        session.setCheckpoints(checkpoint, checkpoint);
        page.activated();
        waitUntilIdle();
    }
    void waitUntilIdle()
    {
        ASSERT_TRUE(QTest::qWaitFor([this] { return !page.run().isRunning() && jobs.running().isEmpty(); }, 20000));
    }

    QTemporaryDir folder;
    std::shared_ptr<FakeLog> log = std::make_shared<FakeLog>();
    Jobs jobs;
    Settings settings {folder.filePath(QStringLiteral("settings.ini"))};
    Session session {jobs, settings};
    SegmentPage page {session, testing::fakeDoor(log)};
};

TEST_F(EverythingTest, SmallMasksLieOnLargeOnes)
{
    page.side().setKind(SegmentTaskKind::Everything);
    page.everything().start();
    ASSERT_TRUE(
        QTest::qWaitFor([this] { return !page.everything().isRunning() && page.everything().answer(Which::Original) != nullptr; }, 10000));
    const EverythingAnswer *answer = page.everything().answer(Which::Original);
    ASSERT_TRUE(answer->result) << answer->error.toStdString();
    EXPECT_EQ(answer->result->masks.size(), 2U);
    EXPECT_EQ(answer->picture.at({160, 100}), 1) << "the small disc is on top";
    EXPECT_EQ(answer->picture.at({160, 100 - 40}), 0) << "around it the large one";
    EXPECT_EQ(answer->picture.at({2, 2}), -1);
    EXPECT_EQ(answer->picture.at({-1, 2}), -1);
    EXPECT_EQ(answer->picture.colours.pixelColor(2, 2).alpha(), 0);
    EXPECT_NE(answer->picture.colours.pixel(160, 100), answer->picture.colours.pixel(160, 60));
    waitUntilIdle();
}

TEST_F(EverythingTest, AnotherPictureForgetsTheMasks)
{
    page.everything().start();
    ASSERT_TRUE(QTest::qWaitFor([this] { return page.everything().answer(Which::Original) != nullptr; }, 10000));
    page.openImage("other.png");
    waitUntilIdle();
    EXPECT_EQ(page.everything().answer(Which::Original), nullptr);
}

TEST_F(EverythingTest, OptionsMakeItOutOfDateAndCancelStops)
{
    page.everything().start();
    ASSERT_TRUE(QTest::qWaitFor([this] { return page.everything().answer(Which::Original) != nullptr; }, 10000));
    EverythingOptions options;
    options.pointsPerSide = 8;
    page.everything().setOptions(options);
    EXPECT_TRUE(page.everything().isOutOfDate());
    log->encodeMilliseconds = 20000;
    page.everything().start();
    ASSERT_TRUE(page.everything().isRunning());
    QTest::qWait(20);
    page.everything().cancel();
    ASSERT_TRUE(QTest::qWaitFor([this] { return jobs.running().isEmpty(); }, 2000));
    log->encodeMilliseconds = 0;
}

TEST_F(EverythingTest, MasksAreSavedAsCocoAndFailuresSaidOnThePage)
{
    page.everything().start();
    ASSERT_TRUE(QTest::qWaitFor([this] { return page.everything().answer(Which::Original) != nullptr; }, 10000));
    const auto masks = exported(*page.everything().answer(Which::Original)->result);
    const QString file = folder.filePath(QStringLiteral("masks.json"));
    page.maskActions().saveTo({file, MaskFile::CocoRle}, masks);
    ASSERT_TRUE(QTest::qWaitFor([&] { return QFile::exists(file) && page.notice().isVisible(); }, 5000));
    EXPECT_EQ(page.notice().status(), Status::Proven);
    QFile saved(file);
    ASSERT_TRUE(saved.open(QIODevice::ReadOnly));
    const QJsonObject json = QJsonDocument::fromJson(saved.readAll()).object();
    EXPECT_EQ(json[QStringLiteral("annotations")].toArray().size(), 2);
    page.maskActions().saveTo({folder.filePath(QStringLiteral("no/such/folder/mask.png")), MaskFile::Png}, masks);
    ASSERT_TRUE(QTest::qWaitFor([&] { return page.notice().status() == Status::Missing; }, 5000));
    EXPECT_TRUE(page.notice().isVisible());
}

TEST_F(EverythingTest, TheMaskGoesToTheClipboard)
{
    page.maskActions().copyPicture();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !QGuiApplication::clipboard()->image().isNull(); }, 5000));
    EXPECT_EQ(QGuiApplication::clipboard()->image().size(), QSize(320, 200));
    page.maskActions().copyCoco();
    ASSERT_TRUE(QTest::qWaitFor([&] { return QGuiApplication::clipboard()->text().contains(QStringLiteral("\"counts\"")); }, 5000));
}

TEST_F(EverythingTest, AnEarlierMaskIsAPromptThatUndoTakesBack)
{
    const qsizetype before = page.prompts().prompts().size();
    page.promptWithMask();
    ASSERT_EQ(page.prompts().prompts().size(), before + 1);
    EXPECT_EQ(page.prompts().prompts().last().kind, Prompt::Kind::Mask);
    EXPECT_EQ(page.prompts().forModels().maskLogits.size(), 64U * 64U);
    waitUntilIdle();
    page.promptWithMask();
    EXPECT_EQ(page.prompts().prompts().size(), before + 1) << "one mask at most";
    page.prompts().undoStack().undo();
    page.prompts().undoStack().undo();
    EXPECT_TRUE(page.prompts().forModels().maskLogits.empty());
    waitUntilIdle();
}

TEST_F(EverythingTest, PrecisionOpensTheModelsAnew)
{
    EXPECT_TRUE(log->compute.cacheEmbeddings);
    EXPECT_EQ(log->compute.precision, Precision::F32);
    auto *precision = page.side().compute().findChild<SegmentedSwitch *>();
    ASSERT_NE(precision, nullptr);
    const int opened = log->opened;
    QTest::mouseClick(precision, Qt::LeftButton, Qt::NoModifier, precision->choiceRect(1).center());
    waitUntilIdle();
    EXPECT_GT(log->opened, opened);
    EXPECT_EQ(log->compute.precision, Precision::BF16);
    const int again = log->opened;
    QTest::mouseClick(precision, Qt::LeftButton, Qt::NoModifier, precision->choiceRect(2).center());
    waitUntilIdle();
    EXPECT_EQ(log->opened, again) << "F16 is not offered, which says nothing of BF16";
    EXPECT_EQ(precision->current(), 1);
    const auto labels = page.side().compute().findChildren<QLabel *>();
    EXPECT_TRUE(std::ranges::any_of(labels, [](const QLabel *label) {
        return label->text().contains("BF16: 1.9 times") && label->text().contains("\nF16: there is no arithmetic");
    }));
}

} // namespace
} // namespace rekey::ui
