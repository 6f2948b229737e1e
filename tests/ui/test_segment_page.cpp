// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fakesegmenter.h"
#include "ui/document/session.h"
#include "ui/jobs/job.h"
#include "ui/segment/canvascard.h"
#include "ui/segment/segmentpage.h"
#include "ui/window/banner.h"
#include "ui/window/settings.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

using testing::FakeLog;

class SegmentPageTest : public ::testing::Test
{
protected:
    SegmentPageTest()
    {
        page.resize(1440, 760);
        page.show();
    }
    void openSource()
    {
        session.setCheckpoints(openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init"),
                               openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init"));
    }
    void waitUntilIdle() { ASSERT_TRUE(QTest::qWaitFor([this] { return !page.run().isRunning() && jobs.running().isEmpty(); }, 20000)); }

    QTemporaryDir folder;
    std::shared_ptr<FakeLog> log = std::make_shared<FakeLog>();
    Jobs jobs;
    Settings settings{folder.filePath(QStringLiteral("settings.ini"))};
    Session session{jobs, settings};
    SegmentPage page{session, testing::fakeDoor(log)};
};

TEST_F(SegmentPageTest, FirstOpenRunsTheDahliaByItself)
{
    openSource();
    page.activated();
    waitUntilIdle();
    EXPECT_EQ(page.run().picturePath().filename(), "flower.jpg");
    EXPECT_EQ(page.prompts().prompts(), QList<Prompt>{Prompt::point({320, 220})});
    EXPECT_TRUE(page.run().model(Which::Original).hasResult());
}

TEST_F(SegmentPageTest, AnIncompleteMappingSaysWhatToDo)
{
    openSource();
    page.activated();
    waitUntilIdle();
    const ModelRun &converted = page.run().model(Which::Converted);
    ASSERT_EQ(converted.stage, ModelRun::Stage::Blocked);
    EXPECT_TRUE(converted.message.contains(QStringLiteral("231 missing of 231"))) << converted.message.toStdString();
    QSignalSpy spy(&page, &SegmentPage::mapRequested);
    EXPECT_TRUE(page.convertedCard().banner().isVisible());
    Q_EMIT page.convertedCard().banner().actionClicked();
    EXPECT_EQ(spy.count(), 1);
}

TEST_F(SegmentPageTest, KeysChooseMasksAndUndoPrompts)
{
    openSource();
    page.activated();
    waitUntilIdle();
    QTest::keyClick(&page, Qt::Key_3);
    EXPECT_EQ(page.run().chosen(), 2U);
    QTest::keyClick(&page, Qt::Key_1);
    EXPECT_EQ(page.run().chosen(), 0U);
    page.prompts().add(Prompt::point({5, 5}, false));
    QTest::keyClick(&page, Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(page.prompts().prompts().size(), 1);
    waitUntilIdle();
}

TEST_F(SegmentPageTest, DeleteRemovesTheSelectedPrompt)
{
    openSource();
    page.activated();
    waitUntilIdle();
    QTest::keyClick(&page, Qt::Key_Delete);
    EXPECT_TRUE(page.prompts().prompts().isEmpty());
    EXPECT_FALSE(page.run().model(Which::Original).hasResult());
    waitUntilIdle();
}

TEST_F(SegmentPageTest, APictureThatIsNoneShowsTheReason)
{
    openSource();
    page.openImage("notes.txt");
    waitUntilIdle();
    EXPECT_TRUE(page.originalCard().banner().isVisible());
    EXPECT_TRUE(page.originalCard().banner().text().contains(QStringLiteral("is text")));
}

TEST_F(SegmentPageTest, OneViewForSwipeAndDifference)
{
    openSource();
    page.activated();
    waitUntilIdle();
    page.setMode(CanvasMode::Swipe);
    EXPECT_FALSE(page.convertedCard().isVisible());
    page.setMode(CanvasMode::Difference);
    EXPECT_FALSE(page.convertedCard().isVisible());
    page.setMode(CanvasMode::SideBySide);
    EXPECT_TRUE(page.convertedCard().isVisible());
}

} // namespace
} // namespace rekey::ui
