// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fakesegmenter.h"
#include "ui/jobs/job.h"
#include "ui/segment/segmentrun.h"

#include <QSignalSpy>
#include <QTest>

#include <gtest/gtest.h>

namespace rekey::ui {
namespace {

using testing::FakeLog;

class SegmentRunTest : public ::testing::Test
{
protected:
    void open(bool converted = true)
    {
        Schema schema;
        schema.name = "fake";
        schema.tensors = {{"a", {2, 2}, DType::F32, 0}};
        checkpoint = checkpointFromSchema(schema);
        run.setModel(Which::Original, ModelWeights{checkpoint, std::nullopt, nullptr});
        if (converted)
            run.setModel(Which::Converted, ModelWeights{checkpoint, Mapping{}, checkpoint});
    }
    void waitUntilIdle() { ASSERT_TRUE(QTest::qWaitFor([this] { return !run.isRunning(); }, 10000)); }
    static Prompts click(double x, double y)
    {
        Prompts prompts;
        prompts.points = {{x, y, true}};
        return prompts;
    }

    std::shared_ptr<FakeLog> log = std::make_shared<FakeLog>();
    Jobs jobs;
    SegmentRun run{jobs, testing::fakeDoor(log)};
    CheckpointPtr checkpoint;
};

TEST_F(SegmentRunTest, RunsBothAndComparesThem)
{
    open();
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    EXPECT_EQ(run.model(Which::Original).stage, ModelRun::Stage::Ready);
    EXPECT_EQ(run.model(Which::Converted).stage, ModelRun::Stage::Ready);
    EXPECT_EQ(run.candidates(), 3U);
    EXPECT_EQ(run.chosen(), 1U) << "the best of the original";
    ASSERT_NE(run.agreement(1), nullptr);
    EXPECT_EQ(run.agreement(1)->verdict, Verdict::Equal);
    EXPECT_EQ(run.agreement(1)->logits, 4096U);
    EXPECT_EQ(run.picture().size(), QSize(320, 200));
    EXPECT_EQ(run.model(Which::Original).encoding, 41);
}

TEST_F(SegmentRunTest, AClickDoesNotEncodeAgain)
{
    open();
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    EXPECT_EQ(log->encoded, 2);
    run.setPrompts(click(20, 30));
    waitUntilIdle();
    EXPECT_EQ(log->encoded, 2);
    EXPECT_EQ(log->opened, 2);
    EXPECT_EQ(log->predicted, 4);
}

TEST_F(SegmentRunTest, NewestPromptsWin)
{
    open(false);
    log->encodeMilliseconds = 150;
    run.setPicture("photo.png");
    for (int i = 1; i <= 20; ++i) {
        run.setPrompts(click(i * 10, 50));
        QTest::qWait(1);
    }
    waitUntilIdle();
    EXPECT_EQ(log->encoded, 1) << "clicks while encoding must not begin it again";
    EXPECT_LE(log->predicted, 3);
    EXPECT_EQ(run.model(Which::Original).result->masks[0].pixels[50 * 320 + 200], 1) << "the last click's mask";
}

TEST_F(SegmentRunTest, DifferencesAreMeasured)
{
    log->offset = 0.5;
    open();
    run.setTolerance(1e-3);
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    ASSERT_NE(run.agreement(0), nullptr);
    EXPECT_NEAR(run.agreement(0)->maxLogitDifference, 0.5, 1e-5);
    EXPECT_NE(run.agreement(0)->verdict, Verdict::Equal);
    EXPECT_TRUE(run.agreement(0)->onOutline);
}

TEST_F(SegmentRunTest, AChangedMappingIsOutOfDateUntilRunAgain)
{
    open();
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    Mapping changed;
    changed.rules.emplace_back();
    run.setModel(Which::Converted, ModelWeights{checkpoint, changed, checkpoint});
    EXPECT_TRUE(run.model(Which::Converted).outOfDate);
    EXPECT_TRUE(run.model(Which::Converted).hasResult()) << "the earlier mask stays in sight";
    EXPECT_FALSE(run.model(Which::Original).outOfDate);
    const int encoded = log->encoded;
    run.runBoth();
    waitUntilIdle();
    EXPECT_FALSE(run.model(Which::Converted).outOfDate);
    EXPECT_EQ(log->encoded, encoded + 1) << "the original's embedding is still good";
}

TEST_F(SegmentRunTest, ANoteInTheMappingChangesNothing)
{
    open();
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    Mapping noted;
    noted.note = "checked";
    run.setModel(Which::Converted, ModelWeights{checkpoint, noted, checkpoint});
    EXPECT_FALSE(run.model(Which::Converted).outOfDate);
}

TEST_F(SegmentRunTest, ABlockedModelLeavesTheOtherRunning)
{
    open(false);
    run.setModel(Which::Converted, std::nullopt, QStringLiteral("The mapping is incomplete"));
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    EXPECT_EQ(run.model(Which::Original).stage, ModelRun::Stage::Ready);
    EXPECT_EQ(run.model(Which::Converted).stage, ModelRun::Stage::Blocked);
    EXPECT_EQ(run.agreement(0), nullptr);
}

TEST_F(SegmentRunTest, ARefusedModelSaysWhyAndCanBeTriedAgain)
{
    log->refuse = true;
    open(false);
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    EXPECT_EQ(run.model(Which::Original).stage, ModelRun::Stage::Failed);
    EXPECT_TRUE(run.model(Which::Original).message.contains(QStringLiteral("no known architecture fits")));
    log->refuse = false;
    run.runBoth();
    waitUntilIdle();
    EXPECT_EQ(run.model(Which::Original).stage, ModelRun::Stage::Ready);
}

TEST_F(SegmentRunTest, AFileThatIsNoPicture)
{
    open(false);
    run.setPicture("notes.txt");
    run.setPrompts(click(1, 1));
    waitUntilIdle();
    EXPECT_TRUE(run.pictureError().contains(QStringLiteral("is text")));
    EXPECT_FALSE(run.canRun());
    run.setPicture("photo.png");
    waitUntilIdle();
    EXPECT_TRUE(run.pictureError().isEmpty());
    EXPECT_TRUE(run.canRun());
}

TEST_F(SegmentRunTest, CancelTakesEffectWhileEncoding)
{
    open(false);
    log->encodeMilliseconds = 5000;
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    ASSERT_TRUE(QTest::qWaitFor([this] { return run.job() != nullptr; }));
    QTest::qWait(30);
    QElapsedTimer timer;
    timer.start();
    run.cancel();
    waitUntilIdle();
    EXPECT_LT(timer.elapsed(), 1000);
    EXPECT_EQ(run.model(Which::Original).stage, ModelRun::Stage::Waiting);
    EXPECT_EQ(log->encoded, 0);
    run.setPrompts(click(3, 3));
    EXPECT_FALSE(run.isRunning()) << "cancelled means not now";
}

TEST_F(SegmentRunTest, ChoiceStaysWithinTheCandidates)
{
    open();
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    QSignalSpy spy(&run, &SegmentRun::chosenChanged);
    run.choose(2);
    EXPECT_EQ(run.chosen(), 2U);
    run.choose(7);
    EXPECT_EQ(run.chosen(), 2U);
    EXPECT_EQ(spy.count(), 1);
}

TEST_F(SegmentRunTest, PreviewComesOnlyFromAnEmbeddedPicture)
{
    open(false);
    QSignalSpy spy(&run, &SegmentRun::previewReady);
    run.preview(click(1, 1));
    QTest::qWait(30);
    EXPECT_EQ(spy.count(), 0);
    run.setPicture("photo.png");
    run.setPrompts(click(160, 100));
    waitUntilIdle();
    spy.clear();
    run.preview(click(40, 40));
    ASSERT_TRUE(QTest::qWaitFor([&] { return spy.count() == 1; }));
    EXPECT_FALSE(spy.first().first().value<MaskPicture>().isEmpty());
}

TEST_F(SegmentRunTest, GoingAwayWhileEncodingIsHarmless)
{
    auto gone = std::make_unique<SegmentRun>(jobs, testing::fakeDoor(log));
    log->encodeMilliseconds = 100;
    gone->setModel(Which::Original, ModelWeights{checkpointFromSchema({}), std::nullopt, nullptr});
    gone->setPicture("photo.png");
    gone->setPrompts(click(1, 1));
    QTest::qWait(20);
    gone.reset();
    QTest::qWait(20);
}

} // namespace
} // namespace rekey::ui
